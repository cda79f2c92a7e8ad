"""Processes of ours: started with a log each, and all ended by their ids."""

import atexit
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

_running = []
_handed_out = set()

# Streams and their connections add up; the children inherit it.
_limits = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (_limits[1], _limits[1]))


def free_port():
    """A port that is free now and that nobody else of ours is given.

    It lies below those that the system gives to outgoing connections: a replica gets its own again when it restarts.
    """
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            if port not in _handed_out and probe.connect_ex(("127.0.0.1", port)) != 0:
                _handed_out.add(port)
                return port


class Process:
    """A running program, its output in `NAME.log`."""

    def __init__(self, folder, name, *command, env=None, **options):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / f"{name}.log"
        self.name = name
        with open(self.log, "ab") as log:
            options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **options}
            env = {**(env or {"PATH": os.environ["PATH"]}), "HOME": str(folder)}
            command = [str(word) for word in command]
            self.popen = subprocess.Popen(command, cwd=folder, env=env, start_new_session=True, **options)
        _running.append(self)

    def wait_for_port(self, port, seconds=20):
        """Returns when the port accepts."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.popen.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"{self.name} does not listen on port {port}:\n{self.tail()}")

    def tail(self):
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def terminate(self):
        """Sends SIGTERM."""
        self.popen.send_signal(signal.SIGTERM)

    def end(self):
        """Ends it and its children, whatever they are doing."""
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait()
        if self in _running:
            _running.remove(self)


@atexit.register
def end_all():
    """Ends whatever still runs."""
    for process in list(_running):
        process.end()


# Told to end, we end them, too.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
