"""A console that says what a test tells it: for versions that Debian does not have.

As much of the protocol as a simple query needs, by
https://www.postgresql.org/docs/16/protocol-flow.html; anything else ends it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

SSL_REQUEST = 80877103
TEXT = 25
Tables = Mapping[str, Sequence[Mapping[str, Any]]]
"""Rows of each table, by the statement that shows it."""


@contextmanager
def console(tables: Tables) -> Iterator[int]:
    """Serve these tables to anybody and yield the port."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            while self._startup() == SSL_REQUEST:
                self.wfile.write(b"N")
            self.wfile.write(_message(b"R", struct.pack("!i", 0)) + _READY)
            while (kind := self.rfile.read(1)) == b"Q":
                rows = tables[self._body().rstrip(b"\0").decode()]
                self.wfile.write(_answer(rows))
            assert kind in (b"X", b""), kind

        def _startup(self) -> int:
            return int(struct.unpack("!i", self._body()[:4])[0])

        def _body(self) -> bytes:
            return self.rfile.read(struct.unpack("!i", self.rfile.read(4))[0] - 4)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


_READY = _message(b"Z", b"I")


def _answer(rows: Sequence[Mapping[str, Any]]) -> bytes:
    names = list(rows[0]) if rows else []
    columns = struct.pack("!h", len(names))
    for name in names:
        kind = struct.pack("!ihihih", 0, 0, TEXT, -1, -1, 0)
        columns += name.encode() + b"\0" + kind
    said = _message(b"T", columns)
    for row in rows:
        cells = struct.pack("!h", len(row))
        for value in row.values():
            text = b"" if value is None else str(value).encode()
            cells += struct.pack("!i", -1 if value is None else len(text)) + text
        said += _message(b"D", cells)
    return said + _message(b"C", b"SHOW\0") + _READY
