"""H15: live answers at once, whatever a plugin waits for."""

import socket
import time

from ..processes import Failed
from .applications import Ccproxy, get
from .page import Goal, Part, quantile, spread

# The credential takes longer than any start should.
SLOW = """
[providers.slow]
kind = "openai"
base_url = "http://127.0.0.1:9/v1"
credentials = [{ command = ["sleep", "10"] }]
"""


def run(bench):
    times = {"main": [], "management": []}
    ready = 0
    for _ in range(5 if bench.quick else 50):
        app = Ccproxy(bench, more=SLOW)
        with bench.stopping(app):
            for name, at in first_answers(app).items():
                times[name].append(at)
            answer = get(app.port, "/health/ready")
            ready += not answer or answer.status != 503
    goals = []
    for name, values in times.items():
        text = f"{spread(values)}, p99 {quantile(values, 0.99):.1f}"
        what = f"exec to the first 200 of live, {name} port, {len(values)} starts, ms"
        goals.append(Goal("H15", what, "50", text, max(values) <= 50))
    goals.append(Goal("H15", "starts that were ready although the credential was not there", "0", str(ready), ready == 0))
    return Part(goals, data=times)


def first_answers(app):
    """Asks both ports in turn; the milliseconds from exec to the first 200 of each."""
    waiting = {"main": app.port, "management": app.management}
    seen = {}
    while waiting:
        app.check()
        for name, port in list(waiting.items()):
            if is_live(port):
                seen[name] = (time.monotonic_ns() - app.exec_ns) / 1e6
                del waiting[name]
        if time.monotonic_ns() - app.exec_ns > 10e9:
            raise Failed(f"ccproxy: live does not answer on the {' and '.join(waiting)} port, see {app.log}")
        time.sleep(0.0002)
    return seen


def is_live(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(b"GET /health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            return connection.recv(4096).startswith(b"HTTP/1.1 200")
    except OSError:
        return False
