"""A gRPC client, Google's own, in the venv that has it: Check, Watch, and what nobody serves."""

import json
import subprocess
from pathlib import Path

from kit.install import tool
from kit.stage import Row, up_or_down

CLIENT = Path(__file__).with_name("rpc_client.py")


def watch(stage):
    ready = up_or_down("SERVING", "NOT_SERVING")
    live = dict.fromkeys(ready, "SERVING") | {"stalled": "NOT_SERVING"}
    ways = [("Check", "", ready), ("Check", "readiness", ready), ("Watch", "readiness", ready),
            ("Check", "liveness", live), ("Check", "nobody", dict.fromkeys(ready, "NOT_FOUND")),
            ("Watch", "nobody", dict.fromkeys(ready, "SERVICE_UNKNOWN"))]
    rows = []
    for port in ("main", "management"):
        def of(at):
            calls = json.dumps([[method, service] for method, service, _ in ways])
            command = [str(tool("python")), str(CLIENT), f"127.0.0.1:{at}", calls]
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
            if done.returncode:
                return done.stderr.strip().splitlines()[-1]
            return json.loads(done.stdout)

        told = stage.each(port, of)
        for number, (method, service, expect) in enumerate(ways):
            if port == "main":
                expect = expect | {"stalled": "DEADLINE_EXCEEDED"}
            seen = {state: said[number] if isinstance(said, list) else said for state, said in told.items()}
            asked = f"{method} {service!r}" + (", management" if port == "management" else "")
            rows.append(Row("gRPC", asked, expect, seen))
    return rows
