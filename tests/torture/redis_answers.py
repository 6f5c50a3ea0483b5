"""A server that speaks as Redis does, honestly or not.

https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

from tests.torture.malforming import malformed

INFO = {
    "redis_version": "7.2.5",
    "redis_mode": "standalone",
    "role": "master",
    "uptime_in_seconds": "86400",
    "connected_clients": "7",
    "used_memory": "1048576",
    "maxmemory": "2097152",
    "maxmemory_policy": "allkeys-lru",
    "rdb_last_bgsave_status": "ok",
    "aof_last_write_status": "ok",
    "evicted_keys": "0",
    "keyspace_hits": "90",
    "keyspace_misses": "10",
    "rejected_connections": "0",
    "db0": "keys=2,expires=1,avg_ttl=1000,subexpiry=0",
}
HOSTILE = b"\x1b]0;evil\x07\x1b[2J [@click=app.quit]x[/] \xe2\x80\xae \xff"
RAW = (
    *(b"", b"\r\n\r\n", b"\x00\xff\xfe", b"$3\r\nabc", b"$5\r\nab", b"+\xff\xfe\r\n"),
    *(b"*1000000000\r\n", b"*2147483648\r\n:1\r\n", b"$999999999999\r\nx", b"%-7\r\n"),
    *(b"$-5\r\n", b"*-7\r\n", b":text\r\n", b"$text\r\n", b"*text\r\n", b",text\r\n"),
    *(b"*1\r\n" * 50_000, b"%1\r\n+a\r\n" * 20_000, b":" + b"9" * 5000 + b"\r\n"),
    *(b"-" + HOSTILE + b"\r\n", b"-ERR " + b"m" * 1_000_000 + b"\r\n", b"-\r\n"),
    *(b"-LOADING x\r\n", b"-MOVED 1 evil.test:6379\r\n", b"-NOAUTH x\r\n", b"-ASK\r\n"),
    *(b"!4\r\nERR \r\n", b">2\r\n+message\r\n+x\r\n", b"=8\r\ntxt:text\r\n", b"(9\r\n"),
    *(b"~1\r\n*1\r\n+x\r\n", b"|1\r\n+a\r\n+b\r\n", b"#x\r\n", b"_\r\n", b"?\r\n"),
    *(b"%1\r\n*1\r\n+a\r\n+b\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n<html>"),
    *(b"+" + b"x" * 1_000_000 + b"\r\n", b"$12\r\n" + b"\xff" * 12 + b"\r\n"),
)
"""Whole answers that nobody should give."""
Words = Sequence[bytes]


def honest(words: Words) -> Any:
    """Return what a Redis with two keys answers; the table of INFO as one."""
    match words[0].upper():
        case b"INFO":
            return INFO
        case b"DBSIZE":
            return 2
        case b"SCAN":
            return ["0", ["video:1", "video:2"]]
        case b"TTL":
            return 1000
        case b"HELLO":
            return {"server": "redis", "version": "7.2.5", "proto": 3}
    return "OK"


def reply(value: Any) -> bytes:
    """Return a value as it is sent."""
    match value:
        case None:
            return b"$-1\r\n"
        case bool():
            return b"#t\r\n" if value else b"#f\r\n"
        case int():
            return b":%d\r\n" % value
        case float():
            return b",%r\r\n" % value
        case dict():
            pairs = [each for pair in value.items() for each in pair]
            return b"%%%d\r\n" % len(value) + b"".join(map(reply, pairs))
        case list():
            return b"*%d\r\n" % len(value) + b"".join(map(reply, value))
    data = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
    return b"$%d\r\n%s\r\n" % (len(data), data)


def answer(words: Words, dice: random.Random | None) -> bytes:
    """Return what is answered, falsified where there are dice."""
    value = honest(words)
    if dice and dice.random() < 0.3:
        return dice.choice(RAW)
    if dice:
        value = malformed(value, dice) if isinstance(value, dict | list) else value
        value = malformed([value], dice) if dice.random() < 0.2 else value
    if words[0].upper() == b"INFO" and isinstance(value, dict):
        value = "".join(f"{name}:{said}\r\n" for name, said in value.items())
    return reply(value)


class RedisAnswers:
    """What the server says from now on.

    Attributes:
        share: of the answers that are falsified, once there are dice.
    """

    def __init__(self) -> None:
        self.dice: random.Random | None = None
        self.share = 0.3
        self.port = 0


@contextmanager
def redis_answering(
    say: Callable[[StreamRequestHandler, threading.Event], None] | None = None,
) -> Iterator[RedisAnswers]:
    """Serve until the block is left; *say* takes over from the first command on."""
    answers, ended = RedisAnswers(), threading.Event()

    class Handler(StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            with suppress(OSError, ValueError):
                while words := self._words():
                    if say:
                        say(self, ended)
                        return
                    dice = answers.dice
                    lies = dice is not None and dice.random() < answers.share
                    said = answer(words, dice if lies else None)
                    self.wfile.write(said)
                    if lies and said in RAW:
                        return  # what follows is nobody's answer

        def _words(self) -> list[bytes]:
            line = self.rfile.readline()
            sizes = range(int(line[1:])) if line else ()
            return [
                self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2] for _ in sizes
            ]

    class Server(ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        answers.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield answers
        finally:
            ended.set()
            server.shutdown()
            thread.join()
