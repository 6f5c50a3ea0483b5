"""Between a client and PostgreSQL, or what speaks as it does: messages come falsified.

https://www.postgresql.org/docs/16/protocol-message-formats.html
"""

from __future__ import annotations

import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

KINDS = b"RKSZTDCENAI123nstGHWdcvV\x00\xff"
"""Kinds of messages that a server sends, and some that it does not."""
TYPES = (16, 17, 20, 21, 23, 25, 114, 600, 1007, 1009, 1184, 1186, 1700, 2249, 2950)
HOSTILE = b"\x1b]0;evil\x07\x1b[2J [@click=app.quit]x[/] \xe2\x80\xae \xff\xfe"
CELLS: tuple[bytes | None, ...] = (
    *(None, b"", b"\xff\xfe", b"9" * 5000, b"-1", b"text", bytes(8), bytes(16)),
    *(HOSTILE, b"\x7f" * 8, b"{" * 1000, b"x" * 100_000, b"NaN", b"1e999"),
)


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def error(dice: random.Random) -> bytes:
    """Return fields of an error or notice, some of which nobody should send."""
    fields = {
        b"S": dice.choice((b"ERROR", b"FATAL", HOSTILE, b"")),
        b"C": dice.choice((b"42501", b"57014", b"53300", b"28P01", b"?", b"XX000")),
        b"M": dice.choice((HOSTILE, b"m" * 1_000_000, b"", b"no\nsense")),
        dice.choice((b"H", b"D", b"W", b"~", b"\xff")): HOSTILE,
    }
    for name in dice.sample(sorted(fields), dice.randrange(3)):
        del fields[name]
    said = b"".join(name + value + b"\0" for name, value in fields.items())
    return said + dice.choice((b"\0", b"\0", b"", b"\0\0\0"))


def row(body: bytes, dice: random.Random) -> bytes:
    """Return a row in which one cell is another, or there are more or fewer."""
    cells, at = [], 2
    for _ in range(struct.unpack_from("!h", body)[0]):
        (length,) = struct.unpack_from("!i", body, at)
        at += 4
        cells.append(None if length < 0 else body[at : at + length])
        at += max(0, length)
    for _ in range(dice.randrange(1, 3)):
        if cells and dice.random() < 0.8:
            cells[dice.randrange(len(cells))] = dice.choice(CELLS)
        elif cells and dice.random() < 0.5:
            cells.pop()
        else:
            cells.append(dice.choice(CELLS))
    said = struct.pack("!h", len(cells))
    for cell in cells:
        said += struct.pack("!i", -1 if cell is None else len(cell)) + (cell or b"")
    return said


def columns(body: bytes, dice: random.Random) -> bytes:
    """Return a description in which one column has another type or name."""
    found, at = [], 2
    for _ in range(struct.unpack_from("!h", body)[0]):
        end = body.index(b"\0", at)
        found.append([body[at:end], *struct.unpack_from("!ihihih", body, end + 1)])
        at = end + 19
    if found:
        column = dice.choice(found)
        if dice.random() < 0.3:
            column[0] = dice.choice((b"", b"x", HOSTILE, b"n" * 9000))
        else:
            column[3] = dice.choice((*TYPES, 0, 999_999, -1))
        if dice.random() < 0.2:
            column[6] = dice.choice((0, 1, 7))
    said = struct.pack("!h", len(found))
    for name, *rest in found:
        said += name + b"\0" + struct.pack("!ihihih", *rest)
    return said


def falsified(kind: bytes, body: bytes, dice: random.Random) -> bytes:
    """Return what goes out instead of one message."""
    special = {b"D": row, b"T": columns}.get(kind)
    if special and dice.random() < 0.7:
        return message(kind, special(body, dice))
    size = dice.choice((0, 3, -1, -(2**31), 2**31 - 1, len(body) + 1000))
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: message(kind, body[: dice.randrange(len(body) + 1)]),
        lambda: message(kind, _turned(body, dice)),
        lambda: kind + struct.pack("!i", size) + body,
        lambda: message(KINDS[(at := dice.randrange(len(KINDS))) : at + 1], body),
        lambda: 2 * message(kind, body),
        lambda: message(b"E", error(dice)) + message(kind, body),
        lambda: message(b"E", error(dice)) + message(b"Z", b"I"),
        lambda: message(b"N", error(dice)) + message(kind, body),
        lambda: message(kind, body) + dice.randbytes(dice.randrange(200)),
        lambda: message(b"S", HOSTILE + b"\0" + HOSTILE + b"\0") + message(kind, body),
        lambda: b"HTTP/1.1 400 Bad Request\r\n\r\n<html>",
        lambda: b"",
    )
    return dice.choice(ways)()


def _turned(body: bytes, dice: random.Random) -> bytes:
    turned = bytearray(body)
    for _ in range(min(len(turned), dice.randrange(1, 5))):
        turned[dice.randrange(len(turned))] = dice.randrange(256)
    return bytes(turned)


class Proxy:
    """Falsifies messages of the server at *port*, once it is given dice.

    Attributes:
        share: of the messages that are falsified.
    """

    def __init__(self, port: int, share: float) -> None:
        self.dice: random.Random | None = None
        self.share = share
        self.upstream = port
        self.port = 0

    def serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self.upstream)) as server:
            asks = threading.Thread(target=_pump, args=(client, server), daemon=True)
            asks.start()
            with suppress(OSError):
                self._answer(server, client)
            for each in (client, server):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            asks.join()

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        held = b""
        while data := server.recv(65536):
            held += data
            said = b""
            while len(held) >= 5:
                end = 1 + struct.unpack_from("!i", held, 1)[0]
                if len(held) < end:
                    break
                kind, body, whole = held[:1], held[5:end], held[:end]
                held = held[end:]
                dice = self.dice
                lies = dice is not None and dice.random() < self.share
                said += falsified(kind, body, dice) if dice and lies else whole
            client.sendall(said)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def falsifying(port: int, share: float = 0.05) -> Iterator[Proxy]:
    """Serve until the block is left; TLS is not spoken."""
    proxy = Proxy(port, share)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        proxy.port = listening.getsockname()[1]

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    serve = threading.Thread(
                        target=proxy.serve, args=(client,), daemon=True
                    )
                    serve.start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield proxy
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()
