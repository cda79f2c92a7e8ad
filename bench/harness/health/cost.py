"""H7 and H8: what a million probes leave behind, and whom they reach."""

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
# More watchers than ask at the same moment in most places. Each kept connection has buffers that stay.
CONNECTIONS = 8
MEMORY = {"VmRSS": "resident_kib", "RssAnon": "anonymous_kib", "RssFile": "file_kib"}
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
                    report = probe(bench, lab.port, PATHS, number, fresh=fresh, connections=CONNECTIONS)
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
    rows = [[m["label"], m["probes"], *(f"{m[key] / 1024:.2f}" for key in MEMORY.values()), m["threads"]] for m in marks]
    note = (
        f"\nNine of ten probes on {CONNECTIONS} kept connections, one of ten on fresh ones, {CONNECTIONS} at a time. That a hung check\n"
        "is one task at most is not to be seen from outside; the engine's tests show it.\n"
    )
    return Part(goals, table(["MiB", "probes", "resident", "of it anonymous", "of it the program's file", "threads"], rows) + note, marks)


def mark(label, lab, probes):
    with open(f"/proc/{lab.pid}/status") as lines:
        fields = dict(line.split(":", 1) for line in lines)
    memory = {key: int(fields[field].split()[0]) for field, key in MEMORY.items()}
    return {"label": label, "probes": probes, **memory, "threads": int(fields["Threads"])}
