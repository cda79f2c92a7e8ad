"""What is measured: the upstream by itself, nginx before it, ccproxy before it, passing through or translating."""

import os
import shutil
import subprocess

from .processes import Failed, Process, free_port, wait_for_200

CHAT = "/v1/chat/completions"
PATHS = {"messages": "/v1/messages", "chat": CHAT, "responses": "/v1/responses"}

NGINX_CONF = """\
daemon off;
{user}
worker_processes 2;
pid {work}/nginx.pid;
error_log {work}/nginx-error.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    client_body_temp_path {work}/nginx-body;
    proxy_temp_path {work}/nginx-proxy;
    fastcgi_temp_path {work}/nginx-fastcgi;
    uwsgi_temp_path {work}/nginx-uwsgi;
    scgi_temp_path {work}/nginx-scgi;
    upstream mock {{
        server 127.0.0.1:{upstream};
        keepalive 64;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port};
        location = /health/live {{ return 200 "ok"; }}
        location / {{
            proxy_pass http://mock;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
    }}
}}
"""

CCPROXY_CONF = """\
[server]
port = {port}

[providers.messages]
kind = "anthropic"
base_url = "http://127.0.0.1:{upstream}"
credentials = [{{ value = "sk-bench" }}]

[providers.chat]
kind = "openai-compatible"
base_url = "http://127.0.0.1:{upstream}/v1"
credentials = [{{ value = "sk-bench" }}]
dialects = ["chat"]

[providers.responses]
kind = "openai-compatible"
base_url = "http://127.0.0.1:{upstream}/v1"
credentials = [{{ value = "sk-bench" }}]
dialects = ["responses"]
"""


class Direct:
    """No proxy: what the load generator and the upstream cost by themselves."""

    name, process, provider = "direct", None, "chat"

    def __init__(self, upstream):
        self.upstream = upstream
        self.url = f"http://127.0.0.1:{upstream.port}{CHAT}"


class Proxy:
    """A proxy that can be started any number of times, one at a time."""

    provider = "chat"

    def __init__(self, work, upstream):
        self.work, self.upstream = work, upstream
        self.process = self.url = None

    def start(self):
        """Starts it on a fresh port; returns the milliseconds from exec to the first 200."""
        port = free_port()
        command, env = self.prepare(port)
        self.process = Process(self.name, command, self.work / f"{self.name}.log", port, env)
        self.url = f"http://127.0.0.1:{port}{self.prefix}{CHAT}"
        return wait_for_200(self.process, "/health/live")

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None

    def binary_mib(self):
        return os.path.getsize(os.path.realpath(self.binary)) / 2**20


class Nginx(Proxy):
    name, prefix = "nginx", ""

    def __init__(self, work, upstream):
        super().__init__(work, upstream)
        self.binary = find_nginx()
        self.version = subprocess.run([self.binary, "-v"], capture_output=True, text=True).stderr.strip()
        self.version = self.version.removeprefix("nginx version: ")

    def prepare(self, port):
        conf = self.work / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        conf.write_text(NGINX_CONF.format(user=user, work=self.work, port=port, upstream=self.upstream.port))
        return [self.binary, "-p", str(self.work), "-e", str(self.work / "nginx-error.log"), "-c", str(conf)], None


class Ccproxy(Proxy):
    name, prefix = "ccproxy", "/chat"

    def __init__(self, work, upstream, binary):
        super().__init__(work, upstream)
        self.binary = str(binary)
        if not os.access(self.binary, os.X_OK):
            raise Failed(f"{self.binary} is no program")
        asked = subprocess.run([self.binary, "--version"], capture_output=True, text=True, env=self.environment())
        self.version = (asked.stdout.strip().splitlines() or ["ccproxy, version unknown"])[0]

    def environment(self):
        """A bare one: no keys, no settings and no home of the operator may change the figures."""
        home = self.work / "home"
        home.mkdir(exist_ok=True)
        return {"PATH": os.environ.get("PATH", ""), "HOME": str(home)}

    def configuration(self, port):
        return CCPROXY_CONF.format(port=port, upstream=self.upstream.port)

    def prepare(self, port):
        conf = self.work / "ccproxy.toml"
        conf.write_text(self.configuration(port))
        return [self.binary, "serve", "--config", str(conf)], self.environment()


class Pair:
    """ccproxy between a client and a provider: it passes through what both speak alike, and translates the rest."""

    def __init__(self, ccproxy, client, provider):
        self.ccproxy, self.client, self.provider = ccproxy, client, provider
        self.name, self.upstream = pair_name(client, provider), ccproxy.upstream

    @property
    def process(self):
        return self.ccproxy.process

    @property
    def url(self):
        return f"http://127.0.0.1:{self.process.port}/{self.provider}{PATHS[self.client]}"


def pair_name(client, provider):
    return f"{client} to {provider}"


def pairs(ccproxy):
    """All of them, each client's pass-through right before its translations."""
    for client in PATHS:
        for provider in sorted(PATHS, key=lambda name: name != client):
            yield Pair(ccproxy, client, provider)


def find_nginx():
    """The path of nginx, installed first if it must and can be; None if it is not to be had."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    found = shutil.which("nginx", path=path)
    if not found and os.geteuid() == 0 and shutil.which("apt-get"):
        print("nginx is missing: apt-get install -y nginx", flush=True)
        subprocess.run(["apt-get", "install", "-y", "nginx"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        found = shutil.which("nginx", path=path)
    return found
