"""What it costs that exchanges are followed: ccproxy beside itself with all of it switched off."""

from .cells import cell, row
from .targets import Ccproxy

OFF = "\n[store]\nenabled = false\n[metrics]\nenabled = false\n"
COUNTED = "\n[store]\nenabled = false\n"
LOG = '\n[plugins.access-log]\nenabled = true\npath = "{home}/access.log"\nsides = ["client", "upstream"]\n'
# Nothing, metrics, what everybody has, and a log of both sides besides.
VARIANTS = {"nothing followed": OFF, "metrics alone": COUNTED, "by default": "", "and an access log": LOG}
BARE, _, DEFAULT, _ = VARIANTS


class Variant(Ccproxy):
    """ccproxy with other settings, and a home of its own."""

    def __init__(self, work, upstream, binary, name):
        self.name, self.extra = name, VARIANTS[name]
        (work / name).mkdir(exist_ok=True)
        super().__init__(work / name, upstream, binary)

    def configuration(self, port):
        return super().configuration(port) + self.extra.format(home=self.work)


def variants(ccproxy):
    return [Variant(ccproxy.work, ccproxy.upstream, ccproxy.binary, name) for name in VARIANTS]


class Followed:
    """`rounds[scenario][variant]` is a list of figures, one entry per round."""

    def __init__(self, scenarios, rounds):
        self.scenarios = [scenario for scenario in scenarios if scenario.followed and rounds[scenario.key]]
        self.rounds = rounds

    def series(self, scenario, name, metric="cpu_us"):
        return [figures[metric] for figures in self.rounds[scenario.key][name]]

    def ratio(self, scenario, name):
        """With over without, round by round."""
        return [a / b for a, b in zip(self.series(scenario, name), self.series(scenario, BARE)) if b > 0]

    def goals(self):
        return [
            ("followed", f"{scenario.title}, store and metrics, CPU ÷ without", {"ccproxy": self.ratio(scenario, DEFAULT)}, 1.15)
            for scenario in self.scenarios
        ]

    def tables(self):
        if not self.scenarios:
            return ""
        return "\n".join(["## Followed\n", NOTE, *(self.table(scenario) for scenario in self.scenarios)])

    def table(self, scenario):
        unit = scenario.unit
        lines = [f"### Followed {scenario.title} ({scenario.requests} {unit}s a round)", ""]
        head = [f"CPU per {unit}, µs", "**÷ nothing followed**", f"{unit}s/s"]
        lines += [row("", head), row("---", ["---:"] * len(head))]
        for name in VARIANTS:
            ratio = "" if name == BARE else f"**{cell(self.ratio(scenario, name), 2)}**"
            lines.append(row(name, [cell(self.series(scenario, name)), ratio, cell(self.series(scenario, name, "rate"))]))
        return "\n".join(lines) + "\n"


NOTE = """\
ccproxy beside itself, in the same round: with neither store nor metrics, with metrics alone, as it is by default (SQLite and metrics), and
with an access log of both sides in a file. CPU is that of the whole process, the threads that write included.
"""
