"""H16: probes per second on one core, beside nginx with the same answer."""

import os
import statistics
import time

from ..processes import Failed, set_cores, wait_for_200
from .applications import Ccproxy, Nginx, get
from .page import Goal, Part, spread, table
from .prober import probe, wrong

PATH = ["/health/live"]


def run(bench):
    rounds = 2 if bench.quick else 9
    app = Ccproxy(bench)
    with bench.stopping(app):
        app.wait()
        answer = get(app.port, PATH[0])
        nginx = Nginx(bench, answer)
        with bench.stopping(nginx):
            wait_for_200(nginx, PATH[0])
            same = get(nginx.port, PATH[0])
            if same.body != answer.body:
                raise Failed("nginx does not answer with the same body")
            targets = [("nginx", nginx, nginx.port), ("main port", app, app.port), ("management port", app, app.management)]
            figures = measure(bench, targets, rounds)
    return report(figures, answer, same, nginx.version)


def measure(bench, targets, rounds):
    figures = {(name, kind): [] for name, _, _ in targets for kind in ("kept", "fresh")}
    cores = sorted(os.sched_getaffinity(0))
    try:
        for number in range(rounds + 1):
            for name, process, port in targets:
                # The last core serves, the others probe; with one core all share it.
                set_cores([process], {cores[-1]})
                os.sched_setaffinity(0, cores[:-1] or cores)
                for kind, probes in (("kept", 100_000), ("fresh", 10_000)):
                    figure = one(bench, process, port, probes // (5 if number == 0 or bench.quick else 1), kind == "fresh")
                    # Round 0 warms up.
                    if number:
                        figures[name, kind].append(figure)
                os.sched_setaffinity(0, cores)
    finally:
        os.sched_setaffinity(0, cores)
    return figures


def one(bench, process, port, probes, fresh):
    before = process.cpu_ns()
    report = probe(bench, port, PATH, probes, connections=32, fresh=fresh)
    time.sleep(0.02)
    cpu = process.cpu_ns() - before
    if failed := wrong(report):
        raise Failed(f"{failed} of {probes} probes failed: {report['troubles']}")
    return {"rate": report["rate"], "cpu_us": cpu / 1e3 / probes, "busy": cpu / 1e9 / report["seconds"]}


def report(figures, answer, same, version):
    goals, rows = [], []
    for (name, kind), rounds in figures.items():
        theirs = figures["nginx", kind]
        ratio = {
            key: [our[key] / their[key] for our, their in zip(rounds, theirs)] for key in ("rate", "cpu_us")
        }
        cells = [spread([figure["rate"] for figure in rounds], 0)]
        cells += [spread([figure[key] for figure in rounds], 2) for key in ("cpu_us", "busy")]
        rows.append([f"{name}, {kind}", *cells, spread(ratio["rate"], 2), spread(ratio["cpu_us"], 2)])
        if name != "nginx" and kind == "kept":
            # Of two figures the worse one counts: probes a second hide what a server that is not busy could do more.
            rate, per_core = statistics.median(ratio["rate"]), 1 / statistics.median(ratio["cpu_us"])
            what = f"{name}, one core, 32 kept connections"
            goals += [
                Goal("H16", f"{what}: probes/s ÷ nginx's", "at least 0.8", spread(ratio["rate"], 2), rate >= 0.8),
                Goal("H16", f"{what}: nginx's CPU per probe ÷ ours", "at least 0.8", f"{per_core:.2f}", per_core >= 0.8),
            ]
    head = ["", "probes/s", "CPU per probe, µs", "of the core in use", "probes/s ÷ nginx's", "CPU ÷ nginx's"]
    sizes = [f"{sum(len(n) + len(v) + 4 for n, v in seen.headers)} bytes of header fields" for seen in (answer, same)]
    note = (
        f"\nThe same body of {len(answer.body)} bytes and the same fields, {sizes[0]} ours, {sizes[1]} {version}'s, which adds\n"
        "`Server`. Where less than 0.95 of the core is in use, the prober is what limits probes/s. That an answer's body\n"
        "takes nothing from the heap is a test of the engine.\n"
    )
    data = {f"{name}, {kind}": rounds for (name, kind), rounds in figures.items()}
    return Part(goals, table(head, rows) + note, data)
