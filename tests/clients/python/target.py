"""What the suites run against, as `run` describes it in the environment."""

import json
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass


PATHS = {"messages": "/v1/messages", "chat": "/v1/chat/completions", "responses": "/v1/responses"}


@dataclass(frozen=True)
class Target:
    name: str
    anthropic_url: str
    openai_url: str
    key: str
    claude: str
    gpt: str
    upstream: str | None
    # The one dialect of the provider; none where it has all.
    speaks: str | None

    @property
    def scripted(self) -> bool:
        return self.upstream is not None

    @property
    def simulated(self) -> bool:
        return not self.scripted

    @property
    def proxied(self) -> bool:
        return self.name != "direct"

    def _call(self, method: str, path: str, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.upstream + path, data, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def path(self, path: str) -> str:
        """Where at the upstream arrives what a client sends to this path."""
        return PATHS[self.speaks] if self.speaks and path in PATHS.values() else path

    def script(self, *scripts: dict):
        """Queues answers at the upstream; see crates/testkit/src/upstream/script.rs."""
        moved = [script | {"path": self.path(script["path"])} if "path" in script else script for script in scripts]
        self._call("POST", "/__script", moved)

    def requests(self) -> list[dict]:
        """What has reached the upstream since the test began, probes of its health left out."""
        return [r for r in self._call("GET", "/__requests") if r["method"] != "HEAD"]

    def last(self, path: str) -> dict:
        """The last request whose path starts with this, its headers as a dict of lower-case names."""
        path = self.path(path)
        found = [r for r in self.requests() if r["path_and_query"].startswith(path)]
        assert found, f"nothing came to {path}: {[r['path_and_query'] for r in self.requests()]}"
        return found[-1] | {"headers": {k.lower(): v for k, v in found[-1]["headers"]}}

    def reset(self):
        self._call("POST", "/__reset", {})

    def heal(self):
        """Waits until the target answers again after faults: a pool may be cooling down, a breaker be open."""
        head = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        message = {"max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
        for url, model in (
            (f"{self.anthropic_url}/v1/messages", self.claude),
            (f"{self.openai_url}/chat/completions", self.gpt),
        ):
            self._until_200(urllib.request.Request(url, json.dumps(message | {"model": model}).encode(), head))

    @staticmethod
    def _until_200(request: urllib.request.Request):
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(request, timeout=10):
                    return
            except urllib.error.HTTPError as error:
                if error.code < 429 or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)


def from_environment() -> Target:
    read = os.environ.get
    return Target(
        name=os.environ["TARGET"],
        anthropic_url=os.environ["TARGET_ANTHROPIC_URL"],
        openai_url=os.environ["TARGET_OPENAI_URL"],
        key=os.environ["TARGET_KEY"],
        claude=os.environ["TARGET_CLAUDE"],
        gpt=os.environ["TARGET_GPT"],
        upstream=read("TARGET_UPSTREAM") or None,
        speaks=read("TARGET_SPEAKS") or None,
    )


def events(*bodies: dict, named=True) -> dict:
    """A scripted stream of whole events; without a terminal event among them it ends early, at a boundary."""
    start = "event: {}\n" if named else ""
    chunks = [f"{start.format(body.get('type'))}data: {json.dumps(body)}\n\n" for body in bodies]
    return {"stream": {"status": 200, "chunks": chunks}}


def simulate(fault: str) -> dict:
    """The header that makes the simulator fail."""
    return {"x-ccproxy-simulate": f"fault={fault}"}


HOP_BY_HOP = {
    "host", "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
}
CREDENTIALS = {"authorization", "x-api-key"}


def assert_passed_through(sent, arrived: dict):
    """`sent` is an HTTP request as the SDK made it: its body must have arrived byte for byte, and its headers too."""
    assert arrived["body"] == sent.content.decode()
    expected = {k.lower(): v for k, v in sent.headers.items()}
    for name in HOP_BY_HOP | CREDENTIALS | {"accept-encoding"}:
        expected.pop(name, None)
    got = {name: arrived["headers"].get(name) for name in expected}
    assert got == expected
