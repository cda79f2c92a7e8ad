"""What a translation costs: ccproxy beside itself, passing through what the same client sends."""

import statistics

from .cells import cell, row
from .targets import PATHS, pair_name

TRANSLATED = [(client, provider) for client in PATHS for provider in PATHS if client != provider]


class Translation:
    """`rounds[scenario][pair]` is a list of figures, one entry per round."""

    def __init__(self, scenarios, rounds):
        self.scenarios = [scenario for scenario in scenarios if scenario.translated and rounds[scenario.key]]
        self.rounds = rounds

    def series(self, scenario, client, provider, metric="cpu_us"):
        return [figures[metric] for figures in self.rounds[scenario.key][pair_name(client, provider)]]

    def ratio(self, scenario, client, provider):
        """Translated over passed through for the same client, round by round."""
        translated, passed = self.series(scenario, client, provider), self.series(scenario, client, client)
        return [a / b for a, b in zip(translated, passed) if b > 0]

    def goals(self):
        """One row for each scenario: the pair that does worst has to reach it, too."""
        rows = []
        for scenario in self.scenarios:
            ratios = {pair: self.ratio(scenario, *pair) for pair in TRANSLATED}
            worst = max(ratios, key=lambda pair: statistics.median(ratios[pair]))
            text = f"translated {scenario.title}, worst pair ({pair_name(*worst)}), CPU ÷ passed through"
            rows.append(("G3", text, {"ccproxy": ratios[worst]}, 3 if scenario.events else 2))
        return rows

    def tables(self):
        if not self.scenarios:
            return ""
        return "\n".join(["## Translation\n", NOTE, *(self.table(scenario) for scenario in self.scenarios)])

    def table(self, scenario):
        unit = scenario.unit
        head = [f"passed through, CPU per {unit}, µs", "translated, µs", "**÷**", f"passed through, {unit}s/s", f"translated, {unit}s/s"]
        lines = [f"### Translated {scenario.title} ({scenario.requests} {unit}s a round and pair)", ""]
        lines += [row("client to provider", head), row("---", ["---:"] * len(head))]
        for client, provider in TRANSLATED:
            cells = [cell(self.series(scenario, client, other)) for other in (client, provider)]
            cells.append(f"**{cell(self.ratio(scenario, client, provider), 2)}**")
            cells += [cell(self.series(scenario, client, other, "rate")) for other in (client, provider)]
            lines.append(row(pair_name(client, provider), cells))
        return "\n".join(lines) + "\n"


NOTE = """\
ccproxy beside itself: what a client pays for a provider of another dialect, divided by what the same client pays, in
the same round, for one that speaks its own, whose answer passes through. A stream brings 100 events of text, each
written alone; what a dialect wants before the first and after the last goes out with these.
"""
