"""HAProxy: httpchk with GET and OPTIONS, and the agent-check; asked through its statistics socket."""

import csv
import re
import socket

from kit.deploy import render
from kit.install import tool
from kit.process import Process, free_port
from kit.stage import Row, settled, up_or_down

AGENT = " agent-check agent-port 8002 agent-inter 1s"
# fall x inter + timeout, and the spread over the replicas.
SETTLE = 6


def watch(stage):
    by_check = up_or_down("UP", "DOWN")
    ways = [
        ("GET /health/ready", "main", by_check, [(AGENT, "")]),
        ("OPTIONS /health/ready", "main", by_check, [(AGENT, ""), ("httpchk GET", "httpchk OPTIONS")]),
        ("GET /health/ready, management", "management", by_check, [(AGENT, "")]),
        ("GET /livez, management", "management",
         dict.fromkeys(by_check, "UP") | {"stalled": "DOWN"},
         [(AGENT, ""), ("GET /health/ready", "GET /livez")]),
        # "no check" is what it calls a server that is up and that only the agent watches.
        ("agent-check alone", "main", by_check | {"pass": "no check", "warn": "no check", "draining": "DRAIN"},
         [("default-server check", "default-server")]),
        ("deploy/haproxy.cfg as it is", "main", by_check, []),
    ]
    started = [(way, *start(stage, number, way)) for number, way in enumerate(ways)]
    rows = []
    for (asked, _, expect, _), process, control in started:
        seconds = SETTLE if not rows else 0
        rows.append(Row("HAProxy", asked, expect, settled(lambda at=control: states(at), seconds)))
        process.end()
    return rows


def start(stage, number, way):
    """A HAProxy, and its control socket."""
    _, port, _, changes = way
    control = stage.folder / f"haproxy-{number}.sock"
    own = [("127.0.0.1:8080", f"127.0.0.1:{free_port()}"), ("/run/haproxy.sock", control)]
    config = stage.folder / f"haproxy-{number}.cfg"
    config.write_text(render("haproxy.cfg", stage.replicas(port), *changes, *own))
    return Process(stage.folder, f"haproxy-{number}", tool("haproxy"), "-f", config), control


def states(control):
    """What HAProxy calls each server."""
    with socket.socket(socket.AF_UNIX) as stats:
        stats.connect(str(control))
        stats.sendall(b"show stat\n")
        text = b"".join(iter(lambda: stats.recv(65536), b"")).decode()
    lines = csv.DictReader(text.lstrip("# ").splitlines())
    servers = (line for line in lines if line["svname"] not in ("FRONTEND", "BACKEND"))
    # "UP 1/3" is up, "DOWN (agent)" is down.
    return {line["svname"]: re.sub(" [0-9(].*", "", line["status"]) for line in servers}
