"""Starting, watching and ending processes."""

import contextlib
import os
import socket
import subprocess
import time


class Failed(Exception):
    """The measurement cannot go on; the message is for the operator."""


class Process:
    """A child process with its log; always ended by its own id."""

    def __init__(self, name, command, log, port, env=None):
        self.name, self.log, self.port = name, log, port
        self._out = open(log, "wb")
        self.exec_ns = time.monotonic_ns()
        self._child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._out, env=env
        )
        self.pid = self._child.pid

    def check(self):
        """Fails with the end of the log if the process has ended."""
        if self._child.poll() is not None:
            self._out.flush()
            tail = self.log.read_text(errors="replace")[-2000:]
            raise Failed(f"{self.name} ended with status {self._child.returncode}:\n{tail}")

    def stop(self):
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(10)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        self._out.close()

    def tree(self):
        """The process and all its descendants: nginx works in its children."""
        children = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError):
                    stat = open(f"/proc/{entry}/stat").read()
                    parent = int(stat.rpartition(")")[2].split()[1])
                    children.setdefault(parent, []).append(int(entry))
        found, queue = [], [self.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            queue.extend(children.get(pid, []))
        return found

    def cpu_ns(self):
        """User and system time of the tree so far, threads that have ended included.

        The clock of a process, clock_getcpuclockid(3), counts nanoseconds; /proc/PID/stat only ticks of 10 ms.
        """
        total = 0
        for pid in self.tree():
            with contextlib.suppress(OSError):
                total += time.clock_gettime_ns((~pid << 3) | 2)
        return total

    def resident_mib(self):
        """Resident memory of the tree; pages that processes share count once for each."""
        kib = 0
        for pid in self.tree():
            with contextlib.suppress(OSError):
                for line in open(f"/proc/{pid}/status"):
                    if line.startswith("VmRSS:"):
                        kib += int(line.split()[1])
        return kib / 1024


@contextlib.contextmanager
def on_one_core(processes):
    """Meanwhile the processes, this one and what it starts run on one and the same core."""
    free = os.sched_getaffinity(0)
    # Not the first core, if there is a choice: it tends to serve the interrupts.
    one = {max(free)}
    try:
        set_cores(processes, one)
        yield
    finally:
        set_cores(processes, free)


def set_cores(processes, cores):
    os.sched_setaffinity(0, cores)
    for pid in [pid for process in processes for pid in process.tree()]:
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{pid}/task"):
                os.sched_setaffinity(int(thread), cores)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_200(process, path, patience=10.0):
    """Asks until the first 200 and returns the milliseconds since exec."""
    port = process.port
    request = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n".encode()
    while time.monotonic_ns() - process.exec_ns < patience * 1e9:
        process.check()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(request)
            if connection.recv(4096).startswith(b"HTTP/1.1 200"):
                return (time.monotonic_ns() - process.exec_ns) / 1e6
        time.sleep(0.0002)
    raise Failed(f"{process.name}: no 200 from {path} within {patience:.0f} s, see {process.log}")


def wait_for_port(process, patience=10.0):
    """Returns when something listens."""
    while time.monotonic_ns() - process.exec_ns < patience * 1e9:
        process.check()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", process.port), 1):
            return
        time.sleep(0.005)
    raise Failed(f"{process.name} does not listen on port {process.port}, see {process.log}")
