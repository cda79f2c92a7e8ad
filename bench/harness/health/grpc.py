"""As much HTTP/2 as it takes to hear `grpc.health.v1.Health/Watch`."""

import socket

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING = 0, 1, 4, 6
ACK, END_STREAM, END_HEADERS = 1, 1, 4
SERVING, NOT_SERVING = 1, 2


class Watch:
    """A watch of the whole server; `statuses` are those that came so far."""

    def __init__(self, port):
        self.statuses, self._bytes, self._message = [], b"", b""
        self._socket = socket.create_connection(("127.0.0.1", port), 5)
        fields = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", "/grpc.health.v1.Health/Watch"),
            (":authority", f"127.0.0.1:{port}"),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
        ]
        head = b"".join(literal(name, value) for name, value in fields)
        # An empty message: the service "", which is the whole server.
        ask = frame(HEADERS, END_HEADERS, 1, head) + frame(DATA, END_STREAM, 1, bytes(5))
        self._socket.sendall(PREFACE + frame(SETTINGS, 0, 0, b"") + ask)
        self._socket.setblocking(False)

    def fileno(self):
        return self._socket.fileno()

    def look(self):
        """Takes in what has come, without waiting; the last status, None if there is none."""
        try:
            while got := self._socket.recv(65536):
                self._bytes += got
        except OSError:
            pass
        while len(self._bytes) >= 9 and len(self._bytes) >= 9 + (size := int.from_bytes(self._bytes[:3], "big")):
            kind, flags, payload = self._bytes[3], self._bytes[4], self._bytes[9 : 9 + size]
            self._bytes = self._bytes[9 + size :]
            self._take(kind, flags, payload)
        return self.statuses[-1] if self.statuses else None

    def _take(self, kind, flags, payload):
        if kind in (SETTINGS, PING) and not flags & ACK:
            self._socket.sendall(frame(kind, ACK, 0, payload if kind == PING else b""))
        elif kind == DATA:
            self._message += payload
            while len(self._message) >= 5 and len(self._message) >= 5 + (size := int.from_bytes(self._message[1:5], "big")):
                message, self._message = self._message[5 : 5 + size], self._message[5 + size :]
                # One field of one byte; the default, UNKNOWN, is not sent.
                self.statuses.append(message[1] if message[:1] == b"\x08" else 0)

    def close(self):
        self._socket.close()


def frame(kind, flags, stream, payload):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def literal(name, value):
    """A header field in HPACK, without index and without Huffman."""
    return b"\x00" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
