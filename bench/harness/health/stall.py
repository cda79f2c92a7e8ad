"""H2: live tells a runtime that stands still from one that is merely busy."""

import contextlib
import subprocess
import threading
import time

from .applications import Ccproxy, Lab, get
from .page import Goal, Part, ms, spread, table
from .prober import Prober, probe, statuses, wrong

LIMIT = 5.0
LIVE = ["/health/live", "/livez"]
STALL_LIMIT = f'\n[health]\nstall_limit = "{LIMIT:.0f}s"\n\n[providers.sim]\nkind = "simulator"\n'


def run(bench):
    lab = Lab(bench, more=STALL_LIMIT)
    with bench.stopping(lab):
        lab.wait()
        time.sleep(1)
        goals, short = below(bench, lab)
        more, long = beyond(bench, lab)
    oversubscribed, detail, busy = oversubscribe(bench)
    return Part(goals + more + oversubscribed, detail, {"short": short, "long": long, "busy": busy})


def below(bench, lab):
    """Blocks of four fifths of the limit, probed from just after the beginning to just before the end."""
    block = LIMIT * 0.8
    reports, waited = [], []
    for _ in range(1 if bench.quick else 3):
        time.sleep(1)
        lab.order(f"block {block * 1000:.0f}")
        began = time.monotonic()
        time.sleep(0.1)
        # The proof that the block is one: nobody accepts on the main port before it ends.
        witness = threading.Thread(target=lambda: waited.append((get(lab.port, "/health/live", 10), time.monotonic() - began)))
        witness.start()
        rate = 200
        reports.append(probe(bench, lab.management, LIVE, int(rate * (block - 0.5)), rate=rate, fresh=True))
        witness.join()
    p99 = max(report["latency_us"]["p99"] for report in reports)
    worst = max(report["latency_us"]["max"] for report in reports)
    failed, probes = sum(map(wrong, reports)), sum(report["probes"] for report in reports)
    what = f"main runtime blocked for {block:.0f} s, limit {LIMIT:.0f} s, management port"
    blocked = min(seconds for _, seconds in waited)
    return [
        Goal("H2", f"{what}: p99, ms", "10", f"{ms(p99)} (slowest {ms(worst)})", p99 <= 10_000),
        Goal("H2", f"{what}: probes without a 200", "0", f"{failed} of {probes}", failed == 0),
        Goal("H2", "the main port accepted nobody meanwhile for, s", "", f"{blocked:.1f}", None),
    ], reports


def beyond(bench, lab):
    """A block of longer than the limit: when the first 503 comes, and when it is over."""
    block = LIMIT + 2
    late, back = [], []
    for _ in range(1 if bench.quick else 3):
        time.sleep(1)
        prober = Prober(bench, lab.management, LIVE[:1], int(200 * (block + 2)), rate=200, fresh=True)
        time.sleep(0.2)
        began = lab.order(f"block {block * 1000:.0f}")
        report = prober.report()
        changes = [((change["at_ns"] - began) / 1e9, change["status"]) for change in report["changes"]]
        failing = [at for at, status in changes if status == 503]
        passing = [at for at, status in changes if status == 200 and failing and at > failing[0]]
        late.append(failing[0] - LIMIT if failing else float("inf"))
        back.append(passing[0] - block if passing else float("inf"))
    what = f"blocked for {block:.0f} s"
    return [
        Goal("H2", f"{what}: 503 after the limit, s", "1", spread(late, 2), max(late) <= 1),
        Goal("H2", f"{what}: 200 after the end, s", "", spread(back, 2), None),
    ], {"late_s": late, "back_s": back}


def oversubscribe(bench):
    seconds = 600 if bench.long else 5 if bench.quick else 60
    cores = bench.cores
    app = Ccproxy(bench, more=STALL_LIMIT)
    with bench.stopping(app):
        app.wait()
        with busy(4 * cores):
            probers = [
                Prober(bench, port, LIVE, 20 * seconds, rate=20, fresh=True, patience=seconds + 120)
                for port in (app.port, app.management)
            ]
            reports = [prober.report() for prober in probers]
    goals, rows = [], []
    for name, report in zip(("main port", "management port"), reports):
        false = sum(path["statuses"].get("503", 0) for path in report["paths"].values())
        what = f"{4 * cores} busy processes on {cores} cores for {seconds} s, {name}"
        goals.append(Goal("H2", f"{what}: false 503", "0", f"{false} of {report['probes']}", false == 0))
        latency = report["latency_us"]
        cells = [ms(latency[point]) for point in ("p50", "p99", "max")]
        answers = "; ".join(statuses(path) for path in report["paths"].values())
        rows.append([name, *cells, ms(report["lag_us"]["p99"]), answers, report["troubles"] or "none"])
    head = ["under the busy processes, ms", "p50", "p99", "max", "of it the prober's own, p99", "answers", "unanswered"]
    return goals, table(head, rows), reports


@contextlib.contextmanager
def busy(count):
    """So many processes that only burn, at the same priority."""
    burning = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()
