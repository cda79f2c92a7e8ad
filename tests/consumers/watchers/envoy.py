"""Envoy: active health checks; asked through its admin interface."""

import json
import urllib.request

from kit.deploy import render
from kit.install import tool
from kit.process import Process, free_port
from kit.stage import Row, settled, up_or_down

# unhealthy_threshold x interval + timeout, and the start.
SETTLE = 6


def watch(stage):
    expect = up_or_down("healthy", "unhealthy", warn="DEGRADED")
    started = [start(stage, port) for port in ("main", "management")]
    rows = []
    for port, (process, admin) in zip(("main", "management"), started):
        asked = "GET /health/ready" + (", management" if port == "management" else "")
        at = {getattr(lab, port): state for state, lab in stage.labs.items()}
        seen = settled(lambda a=admin, b=at: states(a, b), 0 if rows else SETTLE)
        rows.append(Row("Envoy", asked, expect, seen))
        process.end()
    return rows


def start(stage, port):
    """An Envoy and its admin port."""
    admin, front = free_port(), free_port()
    config = stage.folder / f"envoy-{port}.yaml"
    ports = [("port_value: 9901", f"port_value: {admin}"), ("port_value: 8080", f"port_value: {front}")]
    config.write_text(render("envoy.yaml", stage.replicas(port), *ports))
    command = [tool("envoy"), "-c", config, "--disable-hot-restart", "--concurrency", "1", "-l", "warning"]
    return Process(stage.folder, f"envoy-{port}", *command).wait_for_port(admin), admin


def states(admin, at):
    """What Envoy calls each host. `at` has the names by port."""
    with urllib.request.urlopen(f"http://127.0.0.1:{admin}/clusters?format=json", timeout=5) as answer:
        clusters = json.load(answer)["cluster_statuses"]
    seen = {}
    for host in clusters[0]["host_statuses"]:
        health = host["health_status"]
        if health.get("pending_active_hc"):
            verdict = "pending"
        elif health.get("failed_active_health_check"):
            verdict = "unhealthy"
        elif health.get("failed_active_degraded_check"):
            verdict = "DEGRADED"
        else:
            verdict = health["eds_health_status"].lower()
        seen[at[host["address"]["socket_address"]["port_value"]]] = verdict
    return seen
