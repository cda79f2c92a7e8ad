"""Varnish: backend probes; asked with varnishadm."""

import json
import subprocess

from kit.deploy import render
from kit.install import environment, tool, vmods
from kit.process import Process, free_port
from kit.stage import Row, settled, up_or_down

# .window x .interval + .timeout: as long as it takes to forget how it began.
SETTLE = 7


def watch(stage):
    daemon, admin = tool("varnishd"), tool("varnishadm")
    config = stage.folder / "varnish.vcl"
    config.write_text(render("varnish.vcl", stage.replicas()))
    work, port = stage.folder / "varnish", free_port()
    command = [daemon, "-F", "-n", work, "-f", config, "-a", f"127.0.0.1:{port}", "-T", "127.0.0.1:0"]
    command += ["-j", "none", "-s", "malloc,16m", "-p", f"vmod_path={vmods()}"]
    process = Process(stage.folder, "varnishd", *command, env=environment()).wait_for_port(port)
    seen = settled(lambda: states(admin, work), SETTLE)
    process.end()
    return [Row("Varnish", "GET /health/ready", up_or_down("healthy", "sick"), seen)]


def states(admin, work):
    """What Varnish calls each backend."""
    command = [str(admin), "-n", str(work), "backend.list", "-j"]
    listed = subprocess.run(command, env=environment(), check=True, capture_output=True, timeout=10).stdout
    backends = json.loads(listed)[3]
    return {name.partition(".")[2]: backend["probe_message"][2] for name, backend in backends.items()}
