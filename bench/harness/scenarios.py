"""What is sent, and how one run of it becomes figures."""

import contextlib
import dataclasses
import json
import subprocess
import time

from .processes import Failed, on_one_core


@dataclasses.dataclass(frozen=True)
class Scenario:
    key: str
    group: str  # the name that --only takes
    title: str
    requests: int
    connections: int = 32
    events: int = 0
    gap_us: int = 0
    one_core: bool = False
    # Between all dialects, through ccproxy; otherwise Chat, through every target.
    translated: bool = False
    # Chat, through ccproxy with more or less that follows.
    followed: bool = False

    @property
    def unit(self):
        return "stream" if self.events else "request"

    def scaled(self, share):
        return dataclasses.replace(self, requests=max(1, int(self.requests * share)))


SCENARIOS = [
    Scenario("json", "json", "JSON of 1 KB, 32 connections", 40_000),
    Scenario("sse20", "sse20", "SSE of 20 events back to back, 32 connections", 6_000, events=20),
    Scenario("sse100", "sse100", "SSE of 100 events back to back, 32 connections", 2_000, events=100),
    Scenario("json1", "latency", "JSON of 1 KB, 1 connection, one core", 5_000, 1, one_core=True),
    Scenario("first1", "latency", "SSE of 2 events back to back, 1 connection, one core", 4_000, 1, 2, one_core=True),
    Scenario("paced1", "latency", "SSE of 100 events 1 ms apart, 1 connection, one core", 10, 1, 100, 1_000, True),
    Scenario("first", "latency", "SSE of 2 events 1 ms apart, 1 connection, all cores", 300, 1, 2, 1_000),
    Scenario("paced", "latency", "SSE of 100 events 1 ms apart, 1 connection, all cores", 10, 1, 100, 1_000),
    Scenario("translated-json", "translated", "JSON of 1 KB, 32 connections", 12_000, translated=True),
    Scenario(
        "translated-sse100",
        "translated",
        "SSE of 100 events back to back, 32 connections",
        800,
        events=100,
        translated=True,
    ),
    Scenario(
        "translated-paced",
        "translated",
        "SSE of 100 events 1 ms apart, 32 connections",
        96,
        events=100,
        gap_us=1_000,
        translated=True,
    ),
    Scenario("followed-json", "followed", "JSON of 1 KB, 32 connections", 20_000, followed=True),
    Scenario("followed-sse100", "followed", "SSE of 100 events back to back, 32 connections", 2_000, events=100, followed=True),
]


def measure(load, scenario, target):
    """Runs the scenario once; flat figures such as `cpu_us` and `latency_us.p99`."""
    command = [str(load), "--url", target.url, "--provider", target.provider]
    command += ["--connections", str(scenario.connections), "--requests", str(scenario.requests)]
    command += ["--events", str(scenario.events), "--gap-us", str(scenario.gap_us)]
    process = target.process
    involved = [target.upstream, process] if process else [target.upstream]
    before = process.cpu_ns() if process else 0
    with on_one_core(involved) if scenario.one_core else contextlib.nullcontext():
        ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        if process:
            process.check()
        raise Failed(f"{scenario.title}, {target.name}: {ran.stderr.strip()}")
    time.sleep(0.02)  # the proxy closes the connections on its own account
    figures = flatten(json.loads(ran.stdout))
    if process:
        figures["cpu_us"] = (process.cpu_ns() - before) / 1e3 / scenario.requests
    return figures


def flatten(report):
    flat = {}
    for key, value in report.items():
        if isinstance(value, dict):
            flat.update({f"{key}.{inner}": figure for inner, figure in value.items()})
        else:
            flat[key] = value
    return flat
