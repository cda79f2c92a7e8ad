"""The kubelet's prober, rebuilt: the probes of deploy/kubernetes.yaml, each on a connection of its own."""

import re
import socket

from kit.deploy import text
from kit.stage import Row, up_or_down

BODY_LIMIT = 10 * 1024


def watch(stage):
    ready = up_or_down("success", "failure")
    ever = dict.fromkeys(ready, "success")
    expect = {
        "startup": ever | {"starting": "failure", "stalled": "failure"},
        "liveness": ever | {"stalled": "failure"},
        "readiness": ready,
    }
    rows = []
    for kind, path, port, timeout in probes():
        seen = stage.each("main" if port == "http" else "management", lambda at, p=path, t=timeout: probe(at, p, t))
        rows.append(Row("kubelet", f"{kind}: {path}, {port}", expect[kind], seen))
    return rows


def probes():
    """Kind, path, port and timeout of each probe in the manifest."""
    pattern = (
        r"^ +(startup|liveness|readiness)Probe:\n +httpGet: \{path: (\S+), port: (\S+)\}\n"
        r"(?: +\w+: \d+\n)*? +timeoutSeconds: (\d+)$"
    )
    found = re.findall(pattern, text("kubernetes.yaml"), re.M)
    if len(found) != 3:
        raise RuntimeError(f"deploy/kubernetes.yaml has {found}")
    return [(kind, path, port, int(timeout)) for kind, path, port, timeout in found]


def probe(port, path, timeout):
    """One probe. Anything but a status from 200 to 399 within the time is a failure."""
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: kube-probe/1.34\r\n"
        "Accept: */*\r\nConnection: close\r\n\r\n"
    )
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
            connection.settimeout(timeout)
            connection.sendall(request.encode())
            answer = b""
            # A reset instead of the end is an error like others.
            while len(answer) <= BODY_LIMIT + 4096 and (part := connection.recv(65536)):
                answer += part
    except OSError:
        return "failure"
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: (\d+)", head, re.I)
    if length is None or int(length[1]) != len(body) or len(body) > BODY_LIMIT:
        return f"a body of {len(body)} bytes, announced {length and int(length[1])}"
    status = int(head.split(b" ", 2)[1])
    return "success" if 200 <= status < 400 else "failure"
