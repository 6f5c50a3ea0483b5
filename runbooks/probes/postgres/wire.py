"""What a PostgreSQL server sends, looked at before asyncpg reads it.

asyncpg reads messages in C and believes their counts and lengths: a text without its
end is read beyond the message, and a list that is said to be long is made as long, with
the whole process. So each message is held back until it is whole, and whatever is none
of the protocol, or too much, ends the connection.
https://www.postgresql.org/docs/16/protocol-message-formats.html
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Mapping
from math import prod

from asyncpg import protocol  # type: ignore[import-untyped]

MOST_BYTES = 64 * 1024 * 1024
MOST_ROWS = 100_000
"""Of the answers to one question."""
_HEADER = 5
_DIMENSIONS = 6
_RECORD = 2249
_LOGGED_IN = -1
_FOLLOWS = {8: (7, 8), 11: (10,), 12: (11,)}
"""Steps of logging in, of GSSAPI and SCRAM, that follow another; the rest are first."""
_SCALARS = frozenset(
    (
        *(16, 17, 18, 19, 20, 21, 23, 25, 26, 28, 114, 142, 194, 650, 700, 701, 705),
        *(790, 829, 869, 1042, 1043, 1082, 1083, 1114, 1184, 1186, 1266, 1560, 1562),
        *(1700, 2278, 2950, 3220, 3802, 4072),
    )
)
"""Ids of types whose values hold no counts: texts, numbers, times."""


class Checked(protocol.Protocol):  # type: ignore[misc]
    """asyncpg's protocol, which gets whole messages of the protocol alone."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._held = bytearray()
        self._checks = _Checks()
        self._way = transport
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        held = self._held
        held += data
        end = 0
        try:
            while len(held) - end >= _HEADER:
                size = self._checks.size(held, end)
                if len(held) - end < size:
                    break
                self._checks.look(held[end], bytes(held[end + _HEADER : end + size]))
                end += size
        except (IndexError, ValueError, struct.error):
            self._way.abort()
            return
        if end:
            whole = bytes(held[:end])
            del held[:end]
            super().data_received(whole)


class _Checks:
    """What the messages of one connection have to be.

    Its functions raise IndexError, ValueError or struct.error where one is not.
    """

    def __init__(self) -> None:
        self._bytes = self._rows = 0
        # By number of columns: between the description of a statement and its rows
        # asyncpg may ask for something else.
        self._types: dict[int, list[set[int]]] = {}
        self._login = 0

    def size(self, held: bytearray, at: int) -> int:
        """Return how many bytes a message has, its head among them."""
        (length,) = struct.unpack_from("!i", held, at + 1)
        if not 4 <= length <= MOST_BYTES - self._bytes or held[at] not in _BODIES:
            raise ValueError
        return int(length) + 1

    def look(self, kind: int, body: bytes) -> None:
        self._bytes += len(body)
        if kind == ord("T"):
            types = _columns(body)
            known = self._types.setdefault(len(types), [set() for _ in types])
            for column, type_id in zip(known, types, strict=True):
                column.add(type_id)
        elif kind == ord("D"):
            self._rows += 1
            _require(self._rows <= MOST_ROWS)
            _row(body, self._types)
        else:
            _BODIES[kind](body)
        if kind == ord("R"):
            self._login = _login(body, self._login)
        if kind == ord("Z"):
            self._bytes = self._rows = 0


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError


def _texts(body: bytes, count: int) -> None:
    _require(body.count(b"\0") == count and (not count or body.endswith(b"\0")))


def _columns(body: bytes) -> list[int]:
    """Return the types of the columns that are described."""
    types, at = [], 2
    for _ in range(_count(body)):
        at = body.index(b"\0", at) + 1
        types.append(struct.unpack_from("!ihIhih", body, at)[2])
        at += 18
    _require(at == len(body))
    return types


def _count(body: bytes) -> int:
    (count,) = struct.unpack_from("!h", body)
    _require(count >= 0)
    return int(count)


def _row(body: bytes, types: Mapping[int, list[set[int]]]) -> None:
    """Look at a row, with the types that columns of as many were described with."""
    at, count = 2, _count(body)
    known = types.get(count) or [set()] * count
    for column in known:
        (length,) = struct.unpack_from("!i", body, at)
        at += 4
        _require(-1 <= length <= len(body) - at)
        if length >= 4 and not (column and column <= _SCALARS):
            _counts(body[at : at + length], column)
        at += max(0, length)
    _require(at == len(body))


def _counts(cell: bytes, types: set[int]) -> None:
    """Look at the counts with which an array or a record begins."""
    (first,) = struct.unpack_from("!i", cell)
    if _RECORD in types:
        _require(0 <= first * 8 <= len(cell))
    elif 1 <= first <= _DIMENSIONS and len(cell) >= 12 + first * 8:
        lengths = struct.unpack_from("!" + "ii" * first, cell, 12)[::2]
        _require(min(lengths) >= 0 and prod(lengths) * 4 <= len(cell))


def _fields(body: bytes) -> None:
    """Look at the fields of an error or a notice."""
    at = 0
    while body[at]:
        at = body.index(b"\0", at + 1) + 1
    _require(at == len(body) - 1)


def _login(body: bytes, last: int) -> int:
    """Return which step of logging in it is; none comes twice or out of turn."""
    (step,) = struct.unpack_from("!i", body)
    _require(last != _LOGGED_IN)
    if step == 0:
        _require(len(body) == 4)
        return _LOGGED_IN
    _require(1 <= step <= 12 and last in _FOLLOWS.get(step, (0,)))
    ends = {3: len(body) == 4, 5: len(body) == 8, 10: body.endswith(b"\0\0")}
    _require(ends.get(step, True))
    return int(step)


def _sized(*sizes: int) -> Callable[[bytes], None]:
    return lambda body: _require(len(body) in sizes)


def _notified(body: bytes) -> None:
    _texts(body[4:], 2)


_BODIES: Mapping[int, Callable[[bytes], object]] = {
    ord("R"): lambda body: _require(len(body) >= 4),
    ord("S"): lambda body: _texts(body, 2),
    ord("K"): _sized(*range(8, 261)),
    ord("Z"): _sized(1),
    ord("T"): _columns,
    ord("D"): _count,
    ord("t"): lambda body: _require(len(body) == 2 + 4 * _count(body)),
    ord("C"): lambda body: _texts(body, 1),
    ord("E"): _fields,
    ord("N"): _fields,
    ord("A"): _notified,
    **dict.fromkeys(b"123nsI", _sized(0)),
}
"""What each kind of message holds; others answer nothing that is ever asked."""
