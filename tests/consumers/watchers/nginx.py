"""nginx, the open-source one: it only passes on, and passes over whoever does not answer."""

import urllib.error
import urllib.request

from kit.deploy import render
from kit.install import environment, tool
from kit.lab import STATES, Replica
from kit.process import Process, free_port
from kit.stage import Row


def watch(stage):
    program = tool("nginx")
    passing = stage.labs["pass"].main
    at, processes = {}, []
    for state in STATES:
        # The replica in its state, and one that is well for nginx to turn to.
        lab, well = stage.labs[state], Replica("well", passing, 0, 0)
        at[state] = free_port()
        changes = [("127.0.0.1:8080", f"127.0.0.1:{at[state]}"), ("proxy_read_timeout 600s", "proxy_read_timeout 1s"),
                   ("proxy_buffering off;", "proxy_buffering off; add_header X-Tried $upstream_addr always;")]
        folder = stage.folder / f"nginx-{state}"
        folder.mkdir()
        config = folder / "nginx.conf"
        config.write_text(render("nginx.conf", [lab.replica(), well], *changes))
        command = [program, "-c", config, "-p", folder, "-e", folder / "error.log", "-g", "daemon off; master_process off;"]
        processes.append(Process(folder, "nginx", *command, env=environment()).wait_for_port(at[state]))
    relayed, served = {}, {}
    for state in STATES:
        lab = stage.labs[state]
        # It takes turns and begins with the first.
        status, _ = ask(at[state], "/health/ready")
        relayed[state] = str(status)
        tried = [ask(at[state], "/v1/models") for _ in range(6)]
        to = [seen for _, seen in tried]
        if any(code != 200 for code, _ in tried):
            served[state] = f"{[code for code, _ in tried]}"
        elif state == "pass" or any(where == f"127.0.0.1:{lab.main}" for where in to):
            served[state] = "serves"
        else:
            served[state] = "passed over"
    for process in processes:
        process.end()
    expect_relayed = {"starting": "503", "pass": "200", "warn": "200", "fail": "503", "draining": "503"}
    return [
        # The first one did not answer in time, so the second was asked: nginx calls it well.
        Row("nginx", "passes on GET /health/ready", expect_relayed | {"stalled": "200"}, relayed),
        Row("nginx", "GET /v1/models", dict.fromkeys(STATES, "serves") | {"stalled": "passed over"}, served),
    ]


def ask(port, path):
    """The status, and where nginx turned to."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.headers["X-Tried"]
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers["X-Tried"]
