"""H7 and H8: what a million probes leave behind, and whom they reach."""

import os
import time

from .applications import Lab
from .page import Goal, Part, table
from .prober import MAIN, probe, wrong
from .silent import SilentUpstream

PROVIDERS = """
[providers.sim]
kind = "simulator"

[providers.claude]
kind = "anthropic"
base_url = "http://127.0.0.1:{port}"
credentials = [{{ value = "sk-bench" }}]

[providers.codex]
kind = "openai"
base_url = "http://127.0.0.1:{port}/v1"
credentials = [{{ value = "sk-bench" }}]

[providers.local]
kind = "openai-compatible"
base_url = "http://127.0.0.1:{port}/v1"
credentials = [{{ value = "sk-bench" }}]
"""
PATHS = MAIN + ["/plugins/claude/health", "/plugins/codex/health", "/plugins/local/health"]


def run(bench):
    probes = 10_000_000 if bench.long else 20_000 if bench.quick else 1_000_000
    with SilentUpstream() as upstream:
        lab = Lab(bench, "--hung", "100", more=PROVIDERS.format(port=upstream.port))
        with bench.stopping(lab):
            lab.wait()
            time.sleep(3)
            began = time.monotonic()
            marks = [mark("before", lab, 0)]
            failed, done = 0, 0
            # The first of them also fill the buffers that stay.
            for share, label in ((0.01, "after 1 %"), (0.49, "after half"), (0.5, "after all")):
                part = int(probes * share)
                for number, fresh in ((part - part // 10, False), (part // 10, True)):
                    report = probe(bench, lab.port, PATHS, number, fresh=fresh, connections=32)
                    failed, done = failed + wrong(report), done + report["probes"]
                time.sleep(1)
                marks.append(mark(label, lab, done))
            seconds = time.monotonic() - began
    grown = (marks[-1]["resident_kib"] - marks[0]["resident_kib"]) / 1024
    settled = (marks[-1]["resident_kib"] - marks[1]["resident_kib"]) / 1024
    power = f"10^{len(str(probes)) - 1}" if str(probes).strip("0") == "1" else f"{probes:,}"
    what = f"{power} probes, 100 hung checks"
    goals = [
        Goal("H7", f"{what}: resident memory grown by, MiB", "1", f"{grown:.2f}", grown <= 1),
        Goal("H7", f"{what}: of it after the first 1 % of the probes, MiB", "1", f"{settled:.2f}", settled <= 1),
        Goal("H7", f"{what}: probes without a 200", "0", f"{failed} of {done}", failed == 0),
        Goal("H8", f"{power} probes: requests to upstreams", "0", str(upstream.requests), upstream.requests == 0),
        Goal("H8", f"{seconds:.0f} s: connections to 3 upstreams, from their own checks", "", str(upstream.connections), None),
    ]
    rows = [[m["label"], m["probes"], f"{m['resident_kib'] / 1024:.2f}", m["threads"]] for m in marks]
    note = (
        "\nNine of ten probes on 32 kept connections, one of ten on a fresh one. That a hung check is one task at most is\n"
        "not to be seen from outside; the engine's tests show it.\n"
    )
    return Part(goals, table(["", "probes", "resident, MiB", "threads"], rows) + note, marks)


def mark(label, lab, probes):
    resident = lab.resident_mib() * 1024
    return {"label": label, "probes": probes, "resident_kib": resident, "threads": len(os.listdir(f"/proc/{lab.pid}/task"))}
