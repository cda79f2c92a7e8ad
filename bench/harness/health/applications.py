"""The programs that are probed: ccproxy, ccproxy-lab, and nginx with the same answer."""

import http.client
import json
import os
import subprocess
import time

from ..processes import Failed, Process, free_port
from ..targets import find_nginx

CONFIG = """\
[server]
port = {port}

[management]
port = {management}
agent_port = {agent}

[shutdown]
drain_delay = "{drain_delay}"
{more}"""

SIMULATOR = """
[providers.sim]
kind = "simulator"
"""

NGINX = """\
daemon off;
{user}
worker_processes 1;
pid {work}/health-nginx.pid;
error_log {work}/health-nginx-error.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    default_type application/health+json;
    client_body_temp_path {work}/nginx-body;
    proxy_temp_path {work}/nginx-proxy;
    fastcgi_temp_path {work}/nginx-fastcgi;
    uwsgi_temp_path {work}/nginx-uwsgi;
    scgi_temp_path {work}/nginx-scgi;
    server {{
        listen 127.0.0.1:{port};
        location = /health/live {{
{headers}
            return 200 '{body}';
        }}
    }}
}}
"""


class Ccproxy(Process):
    """The program as it is released."""

    def __init__(self, bench, more=SIMULATOR, drain_delay="0s", env=None):
        command = [str(bench.ccproxy), "serve", "--config", str(self.configure(bench, more, drain_delay))]
        super().__init__("ccproxy", command, bench.work / "health-ccproxy.log", self.port, bare(bench, env))

    def configure(self, bench, more, drain_delay):
        # All three at once: a port that is free may be given out again.
        self.port, self.management, self.agent = free_ports(3)
        path = bench.work / "health.toml"
        ports = {"port": self.port, "management": self.management, "agent": self.agent}
        path.write_text(CONFIG.format(more=more, drain_delay=drain_delay, **ports))
        return path

    def wait(self, path="/health/ready", status=200, patience=30.0):
        """Asks the main port until it answers so."""
        self.wait_on(self.port, path, status, patience)
        return self

    def wait_on(self, port, path, status, patience=30.0):
        end = time.monotonic() + patience
        seen = None
        while time.monotonic() < end:
            self.check()
            seen = get(port, path)
            if seen and seen.status == status:
                return seen
            time.sleep(0.01)
        raise Failed(f"{self.name}: no {status} from {path} within {patience:.0f} s but {seen}, see {self.log}")


class Lab(Ccproxy):
    """The application with hung checks, many components and orders on its standard input."""

    def __init__(self, bench, *flags, more=SIMULATOR, drain_delay="0s"):
        self.name, self.log = "ccproxy-lab", bench.work / "health-lab.log"
        command = [str(bench.lab), "--config", str(self.configure(bench, more, drain_delay)), *flags]
        self._out = open(self.log, "wb")
        self.exec_ns = time.monotonic_ns()
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._out, env=bare(bench)
        )
        self.pid = self._child.pid
        if not (line := self._child.stdout.readline()):
            self._child.wait()
            self.check()
        self.told = json.loads(line)

    def order(self, line):
        """Gives an order and returns the time at which it was given."""
        now = time.monotonic_ns()
        self._child.stdin.write(f"{line}\n".encode())
        self._child.stdin.flush()
        answer = self._child.stdout.readline().decode().strip()
        if not answer.startswith("done"):
            raise Failed(f"ccproxy-lab: {answer or 'ended'}")
        return now

    def stop(self):
        self._child.stdin.close()
        super().stop()
        self._child.stdout.close()


class Nginx(Process):
    """nginx that answers with the same status, body and header fields."""

    def __init__(self, bench, seen):
        binary = find_nginx()
        if not binary:
            raise Failed("nginx is not installed and cannot be")
        version = subprocess.run([binary, "-v"], capture_output=True, text=True).stderr.strip()
        self.version = version.removeprefix("nginx version: ")
        port = free_port()
        # These are nginx's own to send.
        own = {"content-type", "content-length", "date", "connection", "server"}
        fields = [(name, value) for name, value in seen.headers if name.lower() not in own]
        headers = "\n".join(f"            add_header {name} '{value}';" for name, value in fields)
        conf = bench.work / "health-nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        body = seen.body.decode()
        conf.write_text(NGINX.format(user=user, work=bench.work, port=port, headers=headers, body=body))
        command = [binary, "-p", str(bench.work), "-e", str(bench.work / "health-nginx-error.log"), "-c", str(conf)]
        super().__init__("nginx", command, bench.work / "health-nginx.log", port)


class Seen:
    """An answer."""

    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.getheaders(), response.read()

    def __repr__(self):
        return f"{self.status} {self.body[:200]!r}"


def get(port, path, patience=5.0):
    """A GET on a fresh connection; None if there is no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        return Seen(connection.getresponse())
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def bare(bench, env=None):
    """No keys, no settings and no home of the operator may change the figures."""
    home = bench.work / "home"
    home.mkdir(exist_ok=True)
    return {"PATH": os.environ.get("PATH", ""), "HOME": str(home), **(env or {})}


def free_ports(count):
    ports = set()
    while len(ports) < count:
        ports.add(free_port())
    return sorted(ports)
