"""H14: the size of every page, in every state that can be brought about, with ten thousand components."""

import re
import time

from .applications import Lab, get
from .page import Goal, Part, table

COUNT, LIMIT, VERDICT = 10_000, 10 * 1024, 4 * 1024
PAGES = [
    "/health/live",
    "/health/ready",
    "/health/startup",
    "/health",
    "/plugins/sim/health",
    "/livez",
    "/livez?verbose",
    "/readyz",
    "/readyz?verbose",
    "/startupz",
    "/startupz?verbose",
    "/healthz",
    "/healthz?verbose",
    "/health/checks/switch",
]
# What says how it is, in JSON or in Kubernetes' text; of a page that is not well, the component that is not.
TOLD_WELL = re.compile(rb'"status":"(pass|warn)"|^ok$|\[\+\]')
TOLD_ILL = re.compile(rb'"status":"fail"|\[-\]')
# For people and machines that ask for them by name; no watcher takes a verdict from them.
OTHERS = ["/health/history", "/metrics"]


def run(bench):
    states = {}
    lab = Lab(bench, "--components", str(COUNT), "--starting", drain_delay="10s")
    with bench.stopping(lab):
        lab.wait("/health/startup", 503)
        states["starting"] = sizes(lab)
        lab.order("open")
        # Not before each of the components has been looked at.
        lab.wait("/health/ready", 200, 120)
        time.sleep(1)
        states["pass"] = sizes(lab)
        lab.order("warn")
        time.sleep(0.5)
        states["warn"] = sizes(lab)
        lab.order("fail")
        lab.wait("/health/ready", 503)
        states["fail"] = sizes(lab)
        lab.order("block 7000")
        time.sleep(6)
        states["stalled"] = sizes(lab, lab.management)
        time.sleep(2)
        lab.order("drain")
        lab.wait("/health/ready", 503)
        states["draining"] = sizes(lab)
    lab = Lab(bench, "--hung", str(COUNT))
    with bench.stopping(lab):
        lab.wait("/health/live", 200)
        time.sleep(10)
        states["all hung"] = sizes(lab)
    return Part(*judge(states), states)


def sizes(lab, port=None):
    seen = {}
    for path in PAGES + OTHERS:
        answer = get(port or lab.port, path) or get(lab.management, path)
        if not answer:
            seen[path] = {"status": 0, "bytes": -1, "verdict_at": -1}
            continue
        verdict = (TOLD_WELL if answer.status == 200 else TOLD_ILL).search(answer.body[:VERDICT])
        seen[path] = {"status": answer.status, "bytes": len(answer.body), "verdict_at": verdict.start() if verdict else -1}
    return seen


def judge(states):
    bodies = [(seen["bytes"], path, state) for state, pages in states.items() for path, seen in pages.items() if path in PAGES]
    largest = max(bodies)
    absent = [f"{path} {state}" for size, path, state in bodies if size < 0]
    hidden = [f"{path} {state}" for state, pages in states.items() for path, seen in pages.items() if path in PAGES and seen["verdict_at"] < 0]
    where = f"{largest[0]} (`{largest[1]}`, {largest[2]})"
    goals = [
        Goal("H14", f"{COUNT:,} components: largest probe body, bytes", f"{LIMIT}", where, largest[0] <= LIMIT and not absent),
        Goal("H14", "bodies without a verdict in the first 4 KiB", "0", f"{len(hidden)} of {len(bodies)}{': ' + ', '.join(hidden[:3]) if hidden else ''}", not hidden),
    ]
    rows = [[f"`{path}`", *(cell(states[state][path]) for state in states)] for path in PAGES + OTHERS]
    return goals, table(["bytes (status)", *states], rows)


def cell(seen):
    return f"{seen['bytes']} ({seen['status']})" if seen["status"] else "no answer"
