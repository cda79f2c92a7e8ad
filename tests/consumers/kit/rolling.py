"""Two replicas of the program behind a balancer under load, restarted in turn."""

import json
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from . import load
from .deploy import render
from .install import tool
from .lab import Replica, page
from .process import Process, free_port

# At least fall x inter + timeout of the balancers in deploy/: 3 x 1 s + 1 s.
DRAIN_DELAY = 4
# How long a replica has been ready before the other one goes: rise x inter + timeout, and a check that is under way.
# Kubernetes calls it minReadySeconds.
MIN_READY = 4
LOADERS = 2

CONFIG = """
[server]
port = {main}
[management]
port = {management}
agent_port = {agent}
[shutdown]
drain_delay = "{delay}s"
deadline = "60s"
[logging]
level = "warn"
"""


@dataclass
class Result:
    """What became of the requests."""

    balancer: str
    restarts: int
    sent: int
    rate: float
    latest: float
    slowest: float
    shortest: float
    counts: Counter
    reasons: Counter
    exits: Counter
    seconds: float

    def total(self, end):
        """How many ended so."""
        return sum(count for key, count in self.counts.items() if key.endswith(f" {end}"))

    def wrong(self, wanted):
        """What has to be so and is not."""
        lost = self.total("failed") + self.total("cut")
        wrong = [f"{lost} requests failed or were cut"] if lost else []
        if self.total("done") + lost != self.sent:
            wrong.append(f"{self.sent} were sent, {self.total('done')} done, {lost} lost")
        if self.rate < wanted * 0.98:
            wrong.append(f"only {self.rate:.0f} requests a second were sent")
        if self.shortest < load.STREAM_SECONDS * 0.9:
            wrong.append(f"a stream lasted {self.shortest:.1f} s only")
        if set(self.exits) != {0}:
            wrong.append(f"replicas exited with {dict(self.exits)}")
        return wrong

    def __str__(self):
        kinds = "; ".join(
            f"{kind} {self.counts[f'{kind} done']} done, {self.counts[f'{kind} failed']} failed, "
            f"{self.counts[f'{kind} cut']} cut"
            for kind in ("GET", "POST", "SSE")
        )
        return (
            f"{self.balancer}: {self.restarts} rolling restarts in {self.seconds:.0f} s at {self.rate:.0f} requests/s "
            f"({self.sent}, none sent more than {self.latest * 1000:.0f} ms late, the slowest GET or POST took "
            f"{self.slowest * 1000:.0f} ms): "
            f"{self.total('failed')} failed, {self.total('cut')} cut, {self.total('done')} done ({kinds})"
        )


def roll(balancer, binary, folder, restarts, rate):
    """Restarts both replicas so many times, one after the other, under load."""
    folder.mkdir(parents=True, exist_ok=True)
    replicas = [Replica(f"replica-{i}", free_port(), free_port(), free_port()) for i in (1, 2)]
    front, process = BALANCERS[balancer](folder, replicas)
    running = [start(binary, folder, replica) for replica in replicas]
    served(front)
    begun = time.monotonic()
    loaders = [loader(folder, number, front, rate / LOADERS) for number in range(LOADERS)]
    exits = Counter()
    try:
        time.sleep(MIN_READY)
        for _ in range(restarts):
            for number, replica in enumerate(replicas):
                running[number].terminate()
                exits[running[number].popen.wait(timeout=60)] += 1
                running[number] = start(binary, folder, replica)
                time.sleep(MIN_READY)
        reports = [json.loads(each.popen.communicate(timeout=60)[0]) for each in loaders]
    finally:
        for each in [*loaders, *running, process]:
            each.end()
    return Result(
        balancer,
        restarts,
        sum(report["sent"] for report in reports),
        sum(report["sent"] / report["seconds"] for report in reports),
        max(report["latest"] for report in reports),
        max(report["slowest"] for report in reports),
        min(report["shortest_stream"] for report in reports),
        sum((Counter(report["counts"]) for report in reports), Counter()),
        sum((Counter(report["reasons"]) for report in reports), Counter()),
        exits,
        time.monotonic() - begun,
    )


def start(binary, folder, replica):
    """A replica that is ready."""
    config = folder / f"{replica.name}.toml"
    config.write_text(CONFIG.format(**vars(replica), delay=DRAIN_DELAY))
    process = Process(folder, replica.name, binary, "serve", "--config", config)
    until = time.monotonic() + 20
    while page(replica.main, "/health/ready")[0] != 200:
        if time.monotonic() > until or process.popen.poll() is not None:
            raise RuntimeError(f"{replica.name} does not get ready:\n{process.tail()}")
        time.sleep(0.05)
    return process


def loader(folder, number, front, rate):
    """A process that sends; its standard input is its lease of life."""
    command = [sys.executable, Path(load.__file__), front, rate]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return Process(folder, f"load-{number}", *command, **pipes)


def served(front):
    """Waits until the balancer has found the replicas."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{front}/v1/models", timeout=5):
                return time.sleep(MIN_READY)
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the balancer finds no replica")


def haproxy(folder, replicas):
    """deploy/haproxy.cfg as it is."""
    front, config = free_port(), folder / "haproxy.cfg"
    own = [("127.0.0.1:8080", f"127.0.0.1:{front}"), ("/run/haproxy.sock", folder / "haproxy.sock")]
    config.write_text(render("haproxy.cfg", replicas, *own))
    return front, Process(folder, "haproxy", tool("haproxy"), "-f", config).wait_for_port(front)


def envoy(folder, replicas):
    """deploy/envoy.yaml as it is."""
    front, config = free_port(), folder / "envoy.yaml"
    own = [("port_value: 9901", f"port_value: {free_port()}"), ("port_value: 8080", f"port_value: {front}")]
    config.write_text(render("envoy.yaml", replicas, *own))
    command = [tool("envoy"), "-c", config, "--disable-hot-restart", "--concurrency", "1", "-l", "warning"]
    return front, Process(folder, "envoy", *command).wait_for_port(front)


BALANCERS = {"HAProxy": haproxy, "Envoy": envoy}
