"""ccproxy-lab in each of the states that a consumer can meet."""

import json
import os
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field

from .process import Process, free_port

STATES = ["starting", "pass", "warn", "fail", "draining", "stalled"]

# What systemd would have as WatchdogSec, in seconds.
WATCHDOG = 3

CONFIG = """
[server]
port = {main}
workers = 1
[health]
envoy_degraded = true
stall_limit = "1s"
[management]
port = {management}
agent_port = {agent}
[shutdown]
drain_delay = "1h"
deadline = "2h"
[logging]
level = "warn"
"""


@dataclass
class Replica:
    """Where a replica listens. `main` is where the consumer is sent, whatever listens there."""

    name: str
    main: int
    management: int
    agent: int


@dataclass
class Lab:
    """A lab in one state, for good."""

    state: str
    process: Process
    main: int
    management: int
    agent: int
    # What it has told systemd: when, and the lines of the message.
    notices: list = field(default_factory=list)

    def replica(self, port="main"):
        """The replica as consumers of this port see it."""
        return Replica(self.state, getattr(self, port), self.management, self.agent)

    def order(self, line):
        """Gives an order and waits until it is obeyed."""
        self.process.popen.stdin.write(line + "\n")
        self.process.popen.stdin.flush()
        answer = self.process.popen.stdout.readline().strip()
        if answer != f"done {line}":
            raise RuntimeError(f"lab {self.state}: {answer!r}")


def start(binary, folder, state):
    """A lab in this state."""
    ports = {name: free_port() for name in ("main", "management", "agent")}
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / f"{state}.toml"
    config.write_text(CONFIG.format(**ports))
    command = [binary, "--config", config] + (["--starting"] if state == "starting" else [])
    notices, env = [], {"PATH": os.environ["PATH"], "WATCHDOG_USEC": str(WATCHDOG * 1_000_000)}
    env["NOTIFY_SOCKET"] = _listen(notices)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = Process(folder, f"lab-{state}", *command, env=env, **pipes)
    told = process.popen.stdout.readline()
    if not told:
        raise RuntimeError(f"ccproxy-lab did not start:\n{process.tail()}")
    assert json.loads(told)["main"].endswith(f":{ports['main']}"), told
    lab = Lab(state, process, **ports, notices=notices)
    _enter(lab)
    return lab


def _listen(notices):
    """Collects what is told to systemd. The result is the socket's name, which no folder has."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind("")

    def collect():
        while True:
            notices.append((time.monotonic(), listener.recv(4096).decode().splitlines()))

    threading.Thread(target=collect, daemon=True).start()
    return "@" + listener.getsockname()[1:].decode()


def _enter(lab):
    wanted = {"starting": 503, "pass": 200, "warn": 200, "fail": 503, "draining": 503}
    if lab.state != "starting":
        _until(lab, lambda: page(lab.main, "/health/ready")[1].get("status") == "pass")
    match lab.state:
        case "warn" | "fail":
            lab.order(lab.state)
            _until(lab, lambda: page(lab.main, "/health/ready")[1].get("status") == lab.state)
        case "draining":
            lab.order("drain")
        case "stalled":
            lab.order("block 3600000")
            for path in ("/health/live", "/health/ready"):
                _until(lab, lambda path=path: page(lab.management, path)[0] == 503)
            return
    _until(lab, lambda: page(lab.main, "/health/ready")[0] == wanted[lab.state])


def _until(lab, condition, seconds=15):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until or lab.process.popen.poll() is not None:
            raise RuntimeError(f"the lab did not get into {lab.state}:\n{lab.process.tail()}")
        time.sleep(0.05)


def page(port, path):
    """The status and the JSON of a page; 0 where nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=1) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as answer:
        return answer.code, json.load(answer)
    except OSError:
        return 0, {}
