"""What servers of Redis and PostgreSQL may do that do not want to be read."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer

MIB = 1024 * 1024
Say = Callable[[StreamRequestHandler, threading.Event], None]


def endless(data: bytes, first: bytes = b"") -> Say:
    """Begin, and say the same again as long as anybody listens."""
    some = data * max(1, MIB // len(data))

    def say(handler: StreamRequestHandler, ended: threading.Event) -> None:
        handler.wfile.write(first)
        while not ended.is_set():
            handler.wfile.write(some)

    return say


def slow(handler: StreamRequestHandler, ended: threading.Event) -> None:
    """A byte a second."""
    while not ended.wait(1):
        handler.wfile.write(b"+")


def silent(handler: StreamRequestHandler, ended: threading.Event) -> None:
    ended.wait(60)


def gone(handler: StreamRequestHandler, ended: threading.Event) -> None:
    """Hangs up at once."""


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


REDIS: dict[str, Say] = {
    "a text of 1 TB": endless(b"x", b"$1099511627776\r\n"),
    "a line without end": endless(b"x", b"+"),
    "a list without end": endless(b":1\r\n", b"*1000000000\r\n"),
    "lists in lists": endless(b"*1\r\n"),
    "texts without end": endless(b"+OK\r\n"),
    "a byte a second": slow,
    "nothing": silent,
    "hangs up": gone,
}
_COLUMN = b"n\0" + struct.pack("!ihihih", 0, 0, 25, -1, -1, 0)
_IN = _message(b"R", bytes(4)) + _message(b"Z", b"I")
POSTGRES: dict[str, Say] = {
    "a message of 2 GB": endless(b"x", b"S\x7f\xff\xff\xff"),
    "settings without end": endless(_message(b"S", b"a\0b\0")),
    "notices without end": endless(_message(b"N", b"Mx\0\0")),
    "rows without end": endless(
        _message(b"D", struct.pack("!hi", 1, 1) + b"x"),
        _IN + _message(b"T", struct.pack("!h", 1) + _COLUMN),
    ),
    "a byte a second": slow,
    "nothing": silent,
    "hangs up": gone,
}


@contextmanager
def answering(say: Say) -> Iterator[int]:
    """Answer whatever is first asked in one way; yields the port."""
    ended = threading.Event()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.request.recv(65536)
                say(self, ended)

    class Server(ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            ended.set()
            server.shutdown()
            thread.join()
