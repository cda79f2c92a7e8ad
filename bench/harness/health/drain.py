"""H4, as far as it shows from outside: SIGTERM, who hears of it when, and the end."""

import os
import select
import signal
import socket
import time

from ..processes import Failed, Process, free_port, wait_for_port
from .applications import Ccproxy
from .grpc import NOT_SERVING, SERVING, Watch
from .page import Goal, Part, quantile, spread, table

PROVIDER = """
[providers.codex]
kind = "openai"
base_url = "http://127.0.0.1:{port}/v1"
credentials = [{{ value = "sk-bench" }}]
"""
DRAIN_DELAY = "200ms"
# The stream goes on well beyond the drain delay.
BODY = b'{"model":"m","stream":true,"user":"bench-events=60 bench-gap-us=10000","messages":[]}'
END_OF_STREAM = b"0\r\n\r\n"
PATIENCE = 2.0


def run(bench):
    port = free_port()
    command = [str(bench.upstream), "--port", str(port)]
    upstream = Process("bench-upstream", command, bench.work / "health-upstream.log", port)
    with bench.stopping(upstream):
        wait_for_port(upstream)
        # Every other time the watcher of gRPC stays to the end, as one does.
        runs = [one(bench, upstream.port, number % 2 == 1) for number in range(4 if bench.quick else 20)]
    goals = []
    for name in runs[0]["heard_ms"]:
        values = [run["heard_ms"][name] for run in runs]
        text = f"{spread(values)}, p99 {quantile(values, 0.99):.1f}"
        goals.append(Goal("H4", f"SIGTERM to {name}, {len(runs)} runs, ms", "10", text, max(values) <= 10))
    wrong = sum(run["live_wrong"] for run in runs)
    answers = sum(run["live_answers"] for run in runs)
    failed = sum(run["code"] != 0 for run in runs)
    goals += [
        Goal("H4", "live on the management port, from SIGTERM to the exit: other than 200", "0", f"{wrong} of {answers}", wrong == 0),
        *(leaves(runs, watched) for watched in (False, True)),
        Goal("H4", "exit codes other than 0", "0", f"{failed} of {len(runs)}", failed == 0),
    ]
    rows = [["last 200 of live before the exit, ms", spread([run["last_live_ms"] for run in runs])]]
    rows += [["SIGTERM to the end of the stream, ms", spread([run["stream_ms"] for run in runs], 0)]]
    return Part(goals, table(["", ""], rows), runs)


def leaves(runs, watched):
    exits = [run["exit_ms"] for run in runs if run["watched"] == watched]
    what = "the last request's end to the exit" + (", a gRPC Watch still open" if watched else "")
    return Goal("H4", f"{what}, ms", "50", spread(exits), max(exits) <= 50)


def one(bench, upstream, watched):
    path = bench.work / "notify.sock"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(path))
        notify.setblocking(False)
        env = {"NOTIFY_SOCKET": str(path)}
        app = Ccproxy(bench, PROVIDER.format(port=upstream), DRAIN_DELAY, env)
        with bench.stopping(app):
            app.wait()
            app.wait_on(app.management, "/health/ready", 200)
            watch, stream = Watch(app.management), Stream(app.port)
            try:
                return {"watched": watched, **drained(app, notify, watch, stream, watched)}
            finally:
                watch.close()
                stream.close()


def drained(app, notify, watch, stream, watched):
    until(lambda: watch.look() == SERVING, "gRPC is not SERVING")
    until(lambda: stream.look() or stream.begun, "the stream does not begin")
    until(lambda: b"READY=1" in datagrams(notify), "no READY=1")
    heard = {
        "503 of ready, main port": lambda: status(app.port, "/health/ready") == 503,
        "503 of ready, management port": lambda: status(app.management, "/health/ready") == 503,
        "gRPC NOT_SERVING": lambda: watch.look() == NOT_SERVING,
        "`drain` of the agent": lambda: agent(app.agent) == b"drain\n",
        "STOPPING=1": lambda: b"STOPPING=1" in datagrams(notify),
    }
    ended = os.pidfd_open(app.pid)
    try:
        told = time.monotonic_ns()
        os.kill(app.pid, signal.SIGTERM)
        times = dict.fromkeys(heard, float("inf"))
        while heard and time.monotonic_ns() - told < PATIENCE * 1e9:
            for name, has_heard in list(heard.items()):
                if has_heard():
                    times[name] = (time.monotonic_ns() - told) / 1e6
                    del heard[name]
        if not watched:
            watch.close()
        return {"heard_ms": times, **follow(app, stream, ended, told)}
    finally:
        os.close(ended)


def follow(app, stream, ended, told):
    """Asks live until the process has ended."""
    answers = wrong = last = finished = 0
    while True:
        ready, _, _ = select.select([ended, *([] if finished else [stream])], [], [], 0.0005)
        if not finished and stream.look():
            finished = time.monotonic_ns()
        if ended in ready:
            over = time.monotonic_ns()
            break
        if time.monotonic_ns() - told > 20e9:
            raise Failed(f"ccproxy did not end after SIGTERM, see {app.log}")
        seen = status(app.management, "/health/live")
        if seen == 200:
            last = time.monotonic_ns()
        elif not seen and not finished and stream.look():
            finished = time.monotonic_ns()
        # Once the last request has ended the exit may come at any moment, and takes an answer along.
        answers, wrong = answers + 1, wrong + (seen != 200 and (seen != 0 or not finished))
    if not finished:
        raise Failed("the stream was cut")
    app._child.wait()
    return {
        "exit_ms": (over - finished) / 1e6,
        "stream_ms": (finished - told) / 1e6,
        "live_answers": answers,
        "live_wrong": wrong,
        "last_live_ms": (over - last) / 1e6,
        "code": app._child.returncode,
    }


class Stream:
    """A streamed answer under way."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), 5)
        head = f"POST /codex/v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {len(BODY)}\r\n\r\n"
        self._socket.sendall(head.encode() + BODY)
        self._socket.setblocking(False)
        self._tail = b""
        self.begun = False

    def fileno(self):
        return self._socket.fileno()

    def look(self):
        """Takes in what has come, without waiting; whether the stream is whole."""
        try:
            while got := self._socket.recv(65536):
                self._tail = (self._tail + got)[-4096:]
                self.begun = self.begun or b"data: " in self._tail
        except OSError:
            pass
        return self._tail.endswith(END_OF_STREAM)

    def close(self):
        self._socket.close()


def status(port, path):
    """Of an answer on a fresh connection; 0 if there is none."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".encode())
            answer = connection.recv(4096)
            return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0
    except OSError:
        return 0


def agent(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            return connection.recv(100)
    except OSError:
        return b""


def datagrams(notify):
    """Everything that has come."""
    got = b""
    try:
        while True:
            got += notify.recv(4096) + b"\n"
    except OSError:
        return got


def until(holds, otherwise):
    end = time.monotonic() + 10
    while not holds():
        if time.monotonic() > end:
            raise Failed(f"H4: {otherwise}")
        time.sleep(0.005)
