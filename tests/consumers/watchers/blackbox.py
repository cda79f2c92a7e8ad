"""Prometheus' blackbox exporter: the modules of deploy/blackbox.yml; asked for probe_success."""

import re
import urllib.parse
import urllib.request

from kit import deploy
from kit.install import tool
from kit.process import Process, free_port
from kit.stage import Row, up_or_down


def watch(stage):
    port = free_port()
    config = deploy.FOLDER / "blackbox.yml"
    command = [tool("blackbox"), f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}"]
    process = Process(stage.folder, "blackbox", *command).wait_for_port(port)
    ready = up_or_down("1", "0")
    live = dict.fromkeys(ready, "1") | {"stalled": "0"}
    ways = [
        ("ccproxy_ready", "main", "http://127.0.0.1:{}/health/ready", ready),
        ("ccproxy_ready", "management", "http://127.0.0.1:{}/health/ready", ready),
        ("ccproxy_well", "main", "http://127.0.0.1:{}/health", ready | {"warn": "0"}),
        ("ccproxy_live", "management", "http://127.0.0.1:{}/health/live", live),
        ("ccproxy_grpc", "main", "127.0.0.1:{}", ready),
        ("ccproxy_grpc", "management", "127.0.0.1:{}", ready),
    ]
    rows = []
    # Its gRPC prober waits 20 s for a connection, whatever the timeout of the module.
    patience = 30
    for module, to, target, expect in ways:
        def success(at, module=module, target=target):
            query = urllib.parse.urlencode({"module": module, "target": target.format(at)})
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/probe?{query}", timeout=patience) as answer:
                return re.search(r"^probe_success (\d)", answer.read().decode(), re.M)[1]

        asked = module + (", management" if to == "management" else "")
        rows.append(Row("blackbox exporter", asked, expect, stage.each(to, success)))
    process.end()
    return rows
