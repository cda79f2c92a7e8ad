"""Running bench-probe."""

import json
import subprocess

from ..processes import Failed

MAIN = [
    "/health/live",
    "/health/ready",
    "/health/startup",
    "/health",
    "/plugins/sim/health",
    "/livez",
    "/readyz",
    "/healthz",
]


class Prober:
    """A run under way; `report()` waits for its end."""

    def __init__(self, bench, port, paths, probes, rate=None, fresh=False, connections=None, patience=600):
        command = [str(bench.prober), "--address", f"127.0.0.1:{port}", "--probes", str(probes)]
        command += [word for path in paths for word in ("--path", path)]
        command += ["--rate", str(rate)] if rate else []
        command += ["--connections", str(connections)] if connections else []
        command += ["--fresh"] if fresh else []
        self._patience = patience
        self._child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def report(self):
        try:
            out, err = self._child.communicate(timeout=self._patience)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.communicate()
            raise Failed(f"bench-probe did not end within {self._patience} s") from None
        if self._child.returncode:
            raise Failed(f"bench-probe: {err.strip()}")
        return json.loads(out)


def probe(bench, port, paths, probes, **more):
    return Prober(bench, port, paths, probes, **more).report()


def statuses(path):
    return ", ".join(f"{status}: {count}" for status, count in path["statuses"].items()) or "none"


def wrong(report, allowed=("200",)):
    """Probes without an answer, or with another status."""
    other = sum(
        count for path in report["paths"].values() for status, count in path["statuses"].items() if status not in allowed
    )
    return other + sum(report["troubles"].values())
