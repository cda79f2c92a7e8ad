"""G4: thousands of slow streams at once, what each takes of ccproxy's memory, and whether health still answers."""

import json
import resource
import subprocess
import time
import types

from .cells import row
from .health.prober import Prober, wrong
from .processes import Failed, free_port
from .targets import CCPROXY_CONF, PATHS, Ccproxy, pair_name

STREAMS = 10_000
# Both take the descriptors of a stream's client and of its provider's connection, and some more.
SPARE = 200
# The streams begin one by one over this time, and say something every second.
SPREAD = 10
GAP_US = 1_000_000
MEMORY_KIB, LIVE_MS = 24, 5
# Client and provider: passed through, and translated.
WAYS = [("chat", "chat"), ("messages", "chat")]


def raise_limit():
    """For this process and those that it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Many(Ccproxy):
    """ccproxy with a management port."""

    def prepare(self, port):
        self.management = free_port()
        conf = self.work / "many.toml"
        text = CCPROXY_CONF.format(port=port, upstream=self.upstream.port)
        conf.write_text(f"{text}\n[management]\nport = {self.management}\n")
        return [self.binary, "serve", "--config", str(conf)], self.environment()


def measure(work, upstream, binary, tools, quick):
    streams = min(STREAMS, (raise_limit() - SPARE) // 2)
    if streams < STREAMS:
        print(f"streams10k: only {streams}, as the limit of open files (ulimit -Hn) allows no more")
    return [one(Many(work, upstream, binary), tools, streams, way, 10 if quick else 30) for way in WAYS]


def one(ccproxy, tools, streams, way, seconds):
    client, provider = way
    print(f"streams10k: {streams} streams, {pair_name(client, provider)}", flush=True)
    ccproxy.start()
    try:
        url = f"http://127.0.0.1:{ccproxy.process.port}/{provider}{PATHS[client]}"
        Load(tools, url, provider, 64, 2_000, 2, 0).report()
        time.sleep(0.5)
        before = ccproxy.process.resident_mib()
        # The first streams last until well after the last have begun.
        running = Load(tools, url, provider, streams, streams, SPREAD + seconds, SPREAD)
        time.sleep(SPREAD + 2)
        bench = types.SimpleNamespace(prober=tools / "bench-probe")
        ports = {"main port": ccproxy.process.port, "management port": ccproxy.management}
        probers = {
            name: Prober(bench, port, ["/health/live"], 50 * (seconds - 4), rate=50, fresh=True)
            for name, port in ports.items()
        }
        resident = []
        for _ in range(seconds - 4):
            time.sleep(1)
            resident.append(ccproxy.process.resident_mib())
        ccproxy.process.check()
        live = {name: prober.report() for name, prober in probers.items()}
        report = running.report()
        return {
            "way": pair_name(client, provider),
            "streams": report["requests"],
            "events": report["events"],
            "kib_each": (max(resident) - before) * 1024 / streams,
            "resident_mib": max(resident),
            "before_mib": before,
            "event_p99_ms": report["event_us"]["p99"] / 1e3,
            "live": {name: (probed["latency_us"]["p99"] / 1e3, wrong(probed)) for name, probed in live.items()},
        }
    finally:
        ccproxy.stop()


class Load:
    """A run of bench-load, which ends with an error if any stream is cut or lacks an event."""

    def __init__(self, tools, url, provider, connections, requests, events, spread):
        command = [str(tools / "bench-load"), "--url", url, "--provider", provider, "--events", str(events)]
        command += ["--connections", str(connections), "--requests", str(requests)]
        command += ["--spread-ms", str(spread * 1000), "--gap-us", str(GAP_US if spread else 0)]
        self._child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def report(self):
        out, err = self._child.communicate(timeout=300)
        if self._child.returncode:
            raise Failed(f"bench-load: {err.strip()}")
        return json.loads(out)


def goals(ways):
    """For the table of goals: key, text, values, limit."""
    for way in ways:
        what = f"{way['streams']} slow streams at once, {way['way']}"
        yield "G4", f"{what}, KiB of memory each", {"ccproxy": [way["kib_each"]]}, MEMORY_KIB
        for name, (p99, failed) in way["live"].items():
            yield "G4", f"{what}, live p99 on the {name}, ms", {"ccproxy": [p99]}, LIVE_MS
            yield "G4", f"{what}, live without a 200 on the {name}", {"ccproxy": [failed]}, 0


def table(ways):
    if not ways:
        return ""
    head = ["streams", "cut", "events", "delay of an event, p99, ms", "resident before, MiB", "resident, MiB", "**KiB each**"]
    lines = ["### Slow streams at once, an event a second each", "", row("", head), row("---", ["---:"] * len(head))]
    for way in ways:
        cells = [way["streams"], 0, way["events"], f"{way['event_p99_ms']:.1f}"]
        cells += [f"{way['before_mib']:.1f}", f"{way['resident_mib']:.1f}", f"**{way['kib_each']:.1f}**"]
        lines.append(row(way["way"], [str(cell) for cell in cells]))
    return "\n".join(lines) + "\n"
