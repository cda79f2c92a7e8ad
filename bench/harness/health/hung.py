"""H1: a thousand checks that hang for ever, a thousand probes a second."""

import time

from .applications import Lab
from .page import Goal, Part, ms, table
from .prober import MAIN, probe, statuses, wrong

HUNG, RATE = 1_000, 1_000


def run(bench):
    seconds = 4 if bench.quick else 60
    lab = Lab(bench, "--hung", str(HUNG))
    with bench.stopping(lab):
        lab.wait()
        # By then each of them has run into its time limit.
        time.sleep(3)
        runs = [
            ("main port, a fresh connection each", lab.port, True, seconds),
            ("main port, kept connections", lab.port, False, seconds),
            ("management port, a fresh connection each", lab.management, True, seconds // 3),
            ("management port, kept connections", lab.management, False, seconds // 3),
        ]
        goals, detail, data = [], "", {}
        for name, port, fresh, seconds in runs:
            print(f"  {name}, {seconds} s", flush=True)
            report = data[name] = probe(bench, port, MAIN, RATE * seconds, rate=RATE, fresh=fresh)
            goals += judge(name, report)
            detail += f"{name.capitalize()}, {seconds} s:\n\n{paths(report)}\n"
    return Part(goals, detail, data)


def judge(name, report):
    worst = max(path["latency_us"]["max"] for path in report["paths"].values())
    p99 = max(path["latency_us"]["p99"] for path in report["paths"].values())
    failed = wrong(report)
    # A machine that stands still makes the prober late, too.
    slowest = f"{ms(worst)} (the prober itself up to {ms(report['lag_us']['max'])} late)"
    return [
        Goal("H1", f"{name}: slowest probe, ms", "50", slowest, worst <= 50_000),
        Goal("H1", f"{name}: p99 of the slowest path, ms", "2", ms(p99), p99 <= 2_000),
        Goal("H1", f"{name}: probes without a 200", "0", f"{failed} of {report['probes']}", failed == 0),
    ]


def paths(report):
    rows = []
    for path, figures in report["paths"].items():
        latency, answer = figures["latency_us"], figures["answer_us"]
        cells = [ms(latency[point]) for point in ("p50", "p99", "p999", "max")]
        rows.append([f"`{path}`", *cells, ms(answer["p99"]), figures["body"], statuses(figures)])
    lag = report["lag_us"]
    rows.append(["the prober's own delay", *(ms(lag[point]) for point in ("p50", "p99", "p999", "max")), "", "", ""])
    head = ["ms from when it was due", "p50", "p99", "p99.9", "max", "p99 from when it was sent", "bytes", "answers"]
    return table(head, rows)
