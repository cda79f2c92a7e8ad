"""Caddy: active health checks; asked through the metrics of its admin interface."""

import re
import urllib.request

from kit.deploy import render
from kit.install import tool
from kit.process import Process, free_port
from kit.stage import Row, settled, up_or_down

# health_fails x health_interval + health_timeout; the metrics are brought up to date every 10 s.
SETTLE = 15


def watch(stage):
    admin, front = free_port(), free_port()
    replicas = stage.replicas()
    ports = [("127.0.0.1:2019", f"127.0.0.1:{admin}"), ("127.0.0.1:8080", f"127.0.0.1:{front}")]
    config = stage.folder / "Caddyfile"
    config.write_text(render("Caddyfile", replicas, *ports))
    command = [tool("caddy"), "run", "--config", config, "--adapter", "caddyfile"]
    process = Process(stage.folder, "caddy", *command).wait_for_port(admin)
    at = {replica.main: replica.name for replica in replicas}
    seen = settled(lambda: states(admin, at), SETTLE)
    process.end()
    return [Row("Caddy", "GET /health/ready", up_or_down("healthy", "unhealthy"), seen)]


def states(admin, at):
    """What Caddy calls each upstream. `at` has the names by port."""
    with urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    found = re.findall(r'^caddy_reverse_proxy_upstreams_healthy\{upstream="127.0.0.1:(\d+)"\} (\d)', text, re.M)
    return {at[int(port)]: "healthy" if healthy == "1" else "unhealthy" for port, healthy in found}
