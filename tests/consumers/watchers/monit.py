"""Monit: one host for readiness and one for liveness; asked with `monit status`."""

import re
import subprocess

from kit.deploy import render
from kit.install import environment, tool
from kit.process import Process, free_port
from kit.stage import Row, settled, up_or_down

# A cycle is 2 s, and the stalled one takes a second of it.
SETTLE = 8


def watch(stage):
    program, port = tool("monit"), free_port()
    config = stage.folder / "monitrc"
    changes = [("set daemon 10", "set daemon 2"), ("port 2812", f"port {port}")]
    config.write_text(render("monitrc", stage.replicas(), *changes))
    config.chmod(0o600)
    command = [program, "-c", config, "-p", stage.folder / "monit.pid", "-s", stage.folder / "monit.state"]
    process = Process(stage.folder, "monit", *command, "-I", env=environment()).wait_for_port(port)
    seen = settled(lambda: states(command), SETTLE)
    process.end()
    ready = up_or_down("OK", "failed")
    live = dict.fromkeys(ready, "OK") | {"stalled": "failed"}
    rows = []
    for name, asked, expect in [("ready", "GET /health/ready", ready), ("live", "GET /health/live, management", live)]:
        of = {state: seen.get(f"{state}-{name}") for state in expect}
        rows.append(Row("Monit", asked, expect, of))
    return rows


def states(command):
    """What Monit calls each host."""
    command = [*map(str, command), "-B", "status"]
    told = subprocess.run(command, env=environment(), check=True, capture_output=True, text=True, timeout=10).stdout
    found = re.findall(r"^Remote Host '(.+)'\n +status +(.+)$", told, re.M)
    return {name: "failed" if "failed" in status.lower() else status for name, status in found}
