"""A load of GET, POST and event streams at a fixed rate, whatever becomes of the answers. Runs by itself.

PORT RATE: runs until its standard input ends, waits for what is under way, prints one line of JSON.
"""

import asyncio
import json
import sys
import time
from collections import Counter

STREAM_SECONDS = 10
TOKENS = 20
PATIENCE = STREAM_SECONDS + 20


def _request(line, body=None, simulate=None):
    head = f"{line} HTTP/1.1\r\nHost: ccproxy\r\nAccept: */*\r\n"
    if simulate:
        head += f"x-ccproxy-simulate: {simulate}\r\n"
    payload = json.dumps(body).encode() if body else b""
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n"
    return f"{head}\r\n".encode() + payload


def _chat(stream):
    return {"model": "demo", "stream": stream, "messages": [{"role": "user", "content": "How are you?"}]}


CHAT = "POST /v1/chat/completions"
REQUESTS = {
    "GET": _request("GET /v1/models"),
    "POST": _request(CHAT, _chat(False)),
    "SSE": _request(CHAT, _chat(True), f"token_rate={TOKENS // STREAM_SECONDS}, tokens={TOKENS}"),
}
# Of ten requests, so many of each.
MIX = ["GET", "POST", "GET", "POST", "SSE", "GET", "POST", "GET", "POST", "SSE"]


class Failed(Exception):
    """No answer, or another one than 200."""


class Cut(Exception):
    """An answer that ended before its end."""


class Load:
    """Counts what becomes of each request. Connections are kept alive, as clients do."""

    def __init__(self, port):
        self.port = port
        self.idle = []
        self.counts = Counter()
        self.reasons = Counter()
        self.latest = 0.0
        self.shortest = float("inf")
        self.slowest = 0.0

    async def one(self, kind):
        """Sends one request and counts its end: done, failed or cut."""
        begun = time.monotonic()
        try:
            await asyncio.wait_for(self._exchange(kind), PATIENCE)
            self.counts[f"{kind} done"] += 1
            took = time.monotonic() - begun
            if kind == "SSE":
                self.shortest = min(self.shortest, took)
            else:
                self.slowest = max(self.slowest, took)
        except Cut as why:
            self._count(kind, "cut", why, begun)
        except (Failed, OSError, asyncio.TimeoutError) as why:
            self._count(kind, "failed", why, begun)

    def _count(self, kind, end, why, begun):
        self.counts[f"{kind} {end}"] += 1
        self.reasons[f"{kind} {end} {type(why).__name__} {why}"] += 1
        print(f"{time.strftime('%X')} {kind} {end} after {time.monotonic() - begun:.3f} s: {why!r}", file=sys.stderr)

    async def _exchange(self, kind):
        reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(REQUESTS[kind])
            keep = await _answer(reader, kind)
        except BaseException:
            writer.close()
            raise
        if keep:
            self.idle.append((reader, writer))
        else:
            writer.close()


async def _answer(reader, kind):
    """Reads an answer to its end. Says whether the connection stays."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
    except (asyncio.IncompleteReadError, ConnectionError) as why:
        raise Failed(f"no answer: {type(why).__name__}") from None
    try:
        body = await _body(reader, head)
    except (asyncio.IncompleteReadError, ConnectionError, ValueError) as why:
        raise Cut(f"in the body: {type(why).__name__}") from None
    if not head.startswith(b"http/1.1 200 "):
        raise Failed(f"{head.split(b' ', 2)[1].decode()}: {body[:100]!r}")
    if kind == "SSE" and not body.rstrip().endswith(b"data: [DONE]"):
        raise Cut("without [DONE]")
    return b"\r\nconnection: close\r\n" not in head


async def _body(reader, head):
    if b"\r\ntransfer-encoding: chunked\r\n" not in head:
        length = int(head.split(b"\r\ncontent-length: ")[1].split(b"\r\n")[0])
        return await reader.readexactly(length)
    body = b""
    while True:
        size = int(await reader.readuntil(b"\r\n"), 16)
        chunk = await reader.readexactly(size + 2)
        if size == 0:
            return body
        body = body[-200:] + chunk[:-2]


async def run(port, rate):
    """Sends until the standard input ends."""
    load, tasks, sent = Load(port), set(), 0
    loop = asyncio.get_running_loop()
    told = loop.run_in_executor(None, sys.stdin.read)
    begun = time.monotonic()
    while not told.done():
        due = begun + sent / rate
        now = time.monotonic()
        if now < due:
            await asyncio.sleep(due - now)
        load.latest = max(load.latest, time.monotonic() - due)
        task = loop.create_task(load.one(MIX[sent % len(MIX)]))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        sent += 1
        if now >= due and sent % 16 == 0:
            await asyncio.sleep(0)
    seconds = time.monotonic() - begun
    if tasks:
        await asyncio.wait(tasks)
    times = {"latest": load.latest, "slowest": load.slowest, "shortest_stream": load.shortest}
    print(json.dumps({"sent": sent, "seconds": seconds, "counts": load.counts, "reasons": load.reasons} | times))


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), float(sys.argv[2])))
