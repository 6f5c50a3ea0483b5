"""Servers that answer wrongly: another shape, without end, a byte at a time.

They speak HTTP on loopback and are closed when their block is left.
"""

from __future__ import annotations

import gzip
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.torture.malforming import body, malformed

MIB = 1024 * 1024


@dataclass
class Services:
    """Answers by path, falsified once it is given dice.

    Attributes:
        share: of the answers that are falsified.
        asked: paths that were.
    """

    paths: Mapping[str, Any]
    dice: random.Random | None = None
    share: float = 0.4
    url: str = ""
    asked: set[str] = field(default_factory=set)

    def answer(self, target: str) -> tuple[int, Any]:
        url = urlsplit(target)
        path, query = unquote(url.path), dict(parse_qsl(url.query))
        self.asked.add(path)
        found = self.paths.get(path, {"detail": "Not Found"})
        found = found(query) if callable(found) else found
        status = 200 if path in self.paths else 404
        if self.dice and self.dice.random() < self.share:
            found = malformed(found, self.dice)
            if self.dice.random() < 0.1:
                status = self.dice.choice((201, 204, 301, 400, 429, 500, 503, 999))
        return status, found


def _handler(services: Services) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # body after head: no wait for an ACK

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, found = services.answer(self.path)
            data = b"" if self.command == "HEAD" or status == 204 else body(found)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if status == 429:
                self.send_header("Retry-After", "9" * 400)
            if status != 204:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(data)

        do_GET = do_POST = do_HEAD = do_OPTIONS = _answer

        def log_message(self, *_: object) -> None:
            return

    return Handler


@contextmanager
def serving(services: Services) -> Iterator[None]:
    with _running(_handler(services)) as url:
        services.url = url
        yield


Say = Callable[[BaseHTTPRequestHandler, threading.Event], None]


def _head(handler: BaseHTTPRequestHandler, **headers: str) -> None:
    handler.send_response(200)
    for name, value in {"Content-Type": "application/json", **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


def huge(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """100 MB of small objects."""
    _head(handler, Content_Length=str(100 * MIB))
    handler.wfile.write(b"[")
    for _ in range(100):
        handler.wfile.write(b"{},{},{},{}," * (MIB // 12))


def bomb(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """200 MB of spaces that are 200 KB on the way."""
    packed = gzip.compress(b" " * MIB, 9)
    _head(handler, Content_Encoding="gzip", Connection="close")
    for _ in range(200):
        handler.wfile.write(packed)


def endless(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    _head(handler, Connection="close")
    handler.wfile.write(b'{"items": [')
    while not ended.is_set():
        handler.wfile.write(b'"x", ' * 10_000)


def slow(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """A byte a second, as long as anybody listens."""
    _head(handler, Content_Length="1000000")
    while not ended.wait(1):
        handler.wfile.write(b" ")


def slow_head(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-A: ")
    while not ended.wait(1):
        handler.wfile.write(b"x")


def silent(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    ended.wait(60)


def short(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """Hangs up before all of it that was promised."""
    _head(handler, Content_Length="1000", Connection="close")
    handler.wfile.write(b"{}")


def long(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """Says more than was promised."""
    _head(handler, Content_Length="2", Connection="close")
    handler.wfile.write(b"{}" + b"x" * 1000)


def negative(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    _head(handler, Content_Length="-1", Connection="close")
    handler.wfile.write(b"{}")


def chunks(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """Chunks whose lengths are no numbers."""
    _head(handler, Transfer_Encoding="chunked", Connection="close")
    handler.wfile.write(b"zz\r\n{}\r\n0\r\n\r\n")


def no_gzip(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    _head(handler, Content_Encoding="gzip", Content_Length="2")
    handler.wfile.write(b"{}")


def no_http(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    handler.wfile.write(b"\x00\xff this is no HTTP\r\n\r\n")


def many_headers(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    handler.wfile.write(
        b"".join(b"X-%d: %s\r\n" % (n, b"y" * 500) for n in range(5000))
    )
    handler.wfile.write(b"Content-Length: 2\r\n\r\n{}")


def deep(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    data = b"[" * 100_000
    _head(handler, Content_Length=str(len(data)))
    handler.wfile.write(data)


WAYS: tuple[Say, ...] = (
    *(huge, bomb, endless, slow, slow_head, silent, short, long, negative, chunks),
    *(no_gzip, no_http, many_headers, deep),
)


@contextmanager
def answering(say: Say) -> Iterator[str]:
    """Answer every request in one way; yields the URL."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.close_connection = True
            with suppress(OSError):
                say(self, ended)

        do_GET = do_POST = do_HEAD = _answer

        def log_message(self, *_: object) -> None:
            return

    with _running(Handler) as url:
        try:
            yield url
        finally:
            ended.set()


@contextmanager
def _running(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
