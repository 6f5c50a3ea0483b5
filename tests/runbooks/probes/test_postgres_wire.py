"""What a server of PostgreSQL may send, and what would end the whole process."""

from __future__ import annotations

import struct

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.postgres import wire
from tests.runbooks.probes.looking import look
from tests.torture.rude_databases import answering

SCRAM = struct.pack("!i", 10) + b"SCRAM-SHA-256\0\0"
ARRAY = 1009


def column(type_id: int) -> bytes:
    return b"name\0" + struct.pack("!ihIhih", 0, 0, type_id, -1, -1, 1)


def cells(*values: bytes) -> bytes:
    said = struct.pack("!h", len(values))
    return said + b"".join(struct.pack("!i", len(each)) + each for each in values)


def array(count: int, *elements: bytes) -> bytes:
    head = struct.pack("!iiIii", 1, 0, 25, count, 1)
    return head + b"".join(struct.pack("!i", len(each)) + each for each in elements)


LOGGED_IN = [(b"R", SCRAM), (b"R", b"\0\0\0\x0bx"), (b"R", b"\0\0\0\x0cx")]
DESCRIBED = [(b"T", struct.pack("!h", 1) + column(ARRAY))]


@pytest.mark.parametrize(
    "messages",
    [
        [
            *LOGGED_IN,
            (b"R", bytes(4)),
            (b"S", b"a\0b\0"),
            (b"K", bytes(8)),
            (b"Z", b"I"),
        ],
        [*DESCRIBED, (b"D", cells(array(2, b"a", b"b"))), (b"C", b"SELECT 1\0")],
        [  # a type that asyncpg has to ask about before it reads the row
            (b"T", struct.pack("!h", 1) + column(16_400)),
            (b"T", struct.pack("!h", 2) + column(25) + column(25)),
            (b"D", cells(b"an", b"enum")),
            (b"D", cells(b"active")),
        ],
        [(b"E", b"SERROR\0Mno\0\0"), (b"N", b"\0"), (b"1", b""), (b"t", b"\0\0")],
    ],
)
def test_honest_messages_pass(messages: list[tuple[bytes, bytes]]) -> None:
    checks = wire._Checks()
    for kind, body in messages:
        checks.look(kind[0], body)


@pytest.mark.parametrize(
    "messages",
    [
        [*LOGGED_IN, (b"R", b"\0\0\0\x0cx")],
        [(b"R", b"\0\0\0\x0bx")],
        [(b"R", SCRAM[:-2])],
        [(b"R", bytes(4)), (b"R", SCRAM)],
        [(b"S", b"a\0b")],
        [(b"S", b"")],
        [(b"K", b"")],
        [(b"T", b"\0\x02" + column(25))],
        [(b"D", b"\0\x01\0\0\0\x09text")],
        [(b"D", b"\xff\xff")],
        [*DESCRIBED, (b"D", cells(array(2**30)))],
        [
            (b"T", struct.pack("!h", 1) + column(2249)),
            (b"D", cells(b"\x7f\xff\xff\xff")),
        ],
        [(b"E", b"Mno end")],
        [(b"C", b"SELECT")],
    ],
)
def test_others_do_not(messages: list[tuple[bytes, bytes]]) -> None:
    checks = wire._Checks()
    for kind, body in messages[:-1]:
        checks.look(kind[0], body)
    with pytest.raises((IndexError, ValueError, struct.error)):
        checks.look(messages[-1][0][0], messages[-1][1])


async def test_a_connection_that_sends_one_is_ended() -> None:
    def say(handler: object, ended: object) -> None:
        handler.wfile.write(b"R\0\0\0\x0d\0\0\0\x0aSCRAM")  # type: ignore[attr-defined]
        ended.wait(60)  # type: ignore[attr-defined]

    with answering(say) as port, pytest.raises(ProbeError, match="broke off"):
        dsn = f"postgresql://a:b@127.0.0.1:{port}/c?sslmode=disable"
        await look("postgres.version", dsn=dsn)
