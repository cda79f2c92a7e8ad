"""From the figures of all rounds to tables."""

import statistics

from . import many
from .cells import cell, row
from .followed import Followed
from .translation import Translation

FIRST = ["first_event_us.p50", "first_event_us.p99", "+first_event_us.p50", "+first_event_us.p99"]
PACED = ["cpu_us", "event_us.p50", "event_us.p99", "+event_us.p50", "+event_us.p99"]
# A plus means: what is added to direct.
ROWS = {
    "json": ["cpu_us", "rate", "latency_us.p50", "latency_us.p99"],
    "sse20": ["cpu_us", "rate", "first_event_us.p50", "first_event_us.p99", "latency_us.p50", "latency_us.p99"],
    "sse100": ["cpu_us", "rate", "first_event_us.p50", "first_event_us.p99", "latency_us.p50", "latency_us.p99"],
    "json1": ["cpu_us", "latency_us.p50", "latency_us.p99", "+latency_us.p50", "+latency_us.p99"],
    "first1": FIRST,
    "paced1": PACED,
    "first": FIRST,
    "paced": PACED,
}
LABELS = {
    "latency_us": "latency",
    "first_event_us": "first event",
    "event_us": "delay of an event",
}
PROXIES = ("nginx", "ccproxy")


class Summary:
    """`rounds[scenario][target]` is a list of figures, one entry per round; `once[target]` the rest."""

    def __init__(self, scenarios, targets, rounds, once):
        self.scenarios, self.targets, self.rounds, self.once = scenarios, targets, rounds, once
        self.paired = all(name in targets for name in PROXIES)
        self.translation = Translation(scenarios, rounds)
        self.followed = Followed(scenarios, rounds)
        self.many = []

    def series(self, scenario, target, metric):
        """One figure per round; with `+` in front, what the target adds to direct in the same round."""
        values = [figures.get(metric.lstrip("+")) for figures in self.rounds.get(scenario, {}).get(target, [])]
        if metric.startswith("+"):
            direct = self.series(scenario, "direct", metric[1:])
            values = [a - b for a, b in zip(values, direct)] if target != "direct" else []
        return [] if None in values else values

    def ratio(self, scenario, metric):
        """ccproxy over nginx, round by round: what disturbs one round disturbs both."""
        ours, theirs = (self.series(scenario, name, metric) for name in ("ccproxy", "nginx"))
        return [a / b for a, b in zip(ours, theirs) if b > 0]

    def tables(self):
        through_all = [scenario for scenario in self.scenarios if not scenario.translated and not scenario.followed]
        parts = [self.table(scenario) for scenario in through_all]
        parts += [self.once_table()] if self.once else []
        return "\n".join([*parts, many.table(self.many), self.translation.tables(), self.followed.tables()])

    def table(self, scenario):
        head = f"### {scenario.title} ({scenario.requests} {scenario.unit}s a round)"
        lines = [head, "", *self.header()]
        for metric in ROWS[scenario.key]:
            cells = [cell(self.series(scenario.key, name, metric)) for name in self.targets]
            if self.paired:
                # A ratio of what is added would be one of two small differences.
                cells.append("" if metric.startswith("+") else cell(self.ratio(scenario.key, metric), 2))
            lines.append(row(label(metric, scenario), cells))
        return "\n".join(lines) + "\n"

    def once_table(self):
        lines = ["### Start, memory, size", "", *self.header()]
        rows = [
            ("start_ms", "exec to first 200, ms"),
            ("idle_mib", "resident when idle, MiB"),
            ("after_mib", "resident after load, MiB"),
            ("binary_mib", "binary, MiB"),
        ]
        for key, text in rows:
            per_target = {name: self.once.get(name, {}).get(key, []) for name in self.targets}
            if any(per_target.values()):
                cells = [cell(values) for values in per_target.values()]
                pair = [statistics.median(per_target[name]) for name in PROXIES if per_target.get(name)]
                if self.paired:
                    cells.append(f"{pair[1] / pair[0]:.2f}" if len(pair) == 2 else "")
                lines.append(row(text, cells))
        return "\n".join(lines) + "\n"

    def header(self):
        names = self.targets + (["ccproxy ÷ nginx"] if self.paired else [])
        return [row("", names), row("---", ["---:"] * len(names))]

    def goals(self):
        """The goals that this run can judge, with nginx's own figure where it has one."""

        def ratio(scenario):
            return {"ccproxy": self.ratio(scenario, "cpu_us")}

        def added(scenario, metric):
            return {name: self.series(scenario, name, f"+{metric}") for name in PROXIES}

        def once(key):
            return {name: self.once.get(name, {}).get(key, []) for name in PROXIES}

        judged = [
            ("G1", "JSON, CPU ÷ nginx's", ratio("json"), 1.5),
            ("G1, then", "JSON, CPU ÷ nginx's", ratio("json"), 1.25),
            ("G2", "SSE of 100 back to back, CPU ÷ nginx's", ratio("sse100"), 1.5),
            ("G2", "SSE of 100 paced, one core, CPU ÷ nginx's", ratio("paced1"), 1.5),
            ("G2", "SSE of 100 paced, all cores, CPU ÷ nginx's", ratio("paced"), 1.5),
            ("G2", "added per event, one core, p99, µs", added("paced1", "event_us.p99"), 200),
            ("G2", "added per event, all cores, p99, µs", added("paced", "event_us.p99"), 200),
            ("G2", "added to first event, one core, p50, µs", added("first1", "first_event_us.p50"), 100),
            ("G2", "added to first event, all cores, p50, µs", added("first", "first_event_us.p50"), 100),
            *self.translation.goals(),
            *self.followed.goals(),
            *many.goals(self.many),
            ("G5", "resident when idle, MiB", once("idle_mib"), 12),
            ("G5", "exec to first 200, ms", once("start_ms"), 30),
            ("G5", "binary, MiB (16 MB)", once("binary_mib"), 15.26),
        ]
        lines = []
        for goal, text, values, limit in judged:
            if values["ccproxy"]:
                verdict = "reached" if statistics.median(values["ccproxy"]) <= limit else "**missed**"
                cells = [cell(values.get(name, []), 2 if limit <= 3 else None) for name in ("ccproxy", "nginx")]
                lines.append(row(goal, [text, str(limit), *cells, verdict]))
        if not lines:
            return ""
        head = [row("", ["", "at most", "ccproxy", "nginx", ""]), row("---", ["---", "---:", "---:", "---:", "---"])]
        return "\n".join(["### Goals", "", *head, *lines]) + "\n"


def label(metric, scenario):
    name, _, quantile = metric.lstrip("+").partition(".")
    if name == "cpu_us":
        return f"**CPU per {scenario.unit}, µs**"
    if name == "rate":
        return f"{scenario.unit}s/s"
    return f"{LABELS[name]}{' added to direct' if metric.startswith('+') else ''}, {quantile}, µs"
