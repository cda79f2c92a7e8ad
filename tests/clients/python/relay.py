"""Passes bytes on between a client and a server, and keeps what was asked and answered on the way."""

import contextlib
import re
import socket
import socketserver
import threading
import urllib.parse

ASKED = re.compile(rb"^(GET|POST) \S*/responses HTTP/1\.1\r$", re.MULTILINE)
ANSWERED = re.compile(rb"^HTTP/1\.1 (\d+) ", re.MULTILINE)


class Relay(socketserver.ThreadingTCPServer):
    """One way to `url`, for as long as it is entered; `self.url` is the same place through it."""

    daemon_threads = True

    def __init__(self, url: str):
        super().__init__(("127.0.0.1", 0), Connection)
        there = urllib.parse.urlsplit(url)
        self.there = (there.hostname, there.port)
        self.url = there._replace(netloc=f"127.0.0.1:{self.server_address[1]}").geturl()
        self.connections: list[tuple[bytearray, bytearray]] = []

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def asked(self, method: str) -> int:
        """How many requests for `responses` had this method."""
        return sum(ASKED.findall(asked).count(method.encode()) for asked, _ in self.connections)

    def answered(self, status: int) -> int:
        """How many answers, to whatever, had this status."""
        return sum(ANSWERED.findall(answered).count(b"%d" % status) for _, answered in self.connections)


class Connection(socketserver.BaseRequestHandler):
    def handle(self):
        asked, answered = bytearray(), bytearray()
        self.server.connections.append((asked, answered))
        with socket.create_connection(self.server.there) as there:
            back = threading.Thread(target=pump, args=(there, self.request, answered), daemon=True)
            back.start()
            pump(self.request, there, asked)
            back.join()


def pump(source: socket.socket, sink: socket.socket, kept: bytearray):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            kept += data
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
