"""Stands before a Docker Engine: notes what is changed, refuses, answers otherwise."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer

Rewrite = Callable[[str, bytes], bytes]


@dataclass
class EngineProxy:
    """What tests know of it and tell it.

    Attributes:
        changes: requests other than GET, in order, as ``POST /v1.41/…``.
        refuses: how many of them are let through before the others are answered
            with 403; all where it is None.
        cuts: a request that has this in it reaches the Engine, and its answer is lost.
        rewrite: changes an answer's body, told the path that was asked.
        after: called when the Engine has answered such a request.
    """

    url: str
    changes: list[str] = field(default_factory=list)
    refuses: int | None = None
    cuts: str = ""
    rewrite: Rewrite = lambda path, body: body
    after: Callable[[str], None] = lambda asked: None


class _Connection(HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=40)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


@contextmanager
def engine_proxy(directory: Path, engine: Path) -> Iterator[EngineProxy]:
    """Run a proxy on a socket in *directory*, before the socket of an Engine."""
    place = directory / "proxy.sock"
    proxy = EngineProxy(f"unix://{place}")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            asked = f"{self.command} {self.path}"
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if self.command not in ("GET", "HEAD"):
                let = proxy.refuses is None or len(proxy.changes) < proxy.refuses
                proxy.changes.append(asked)
                if not let:
                    self._answer(403, b'{"message": "only looking is allowed"}')
                    return
            upstream = _Connection(str(engine))
            try:
                headers = {"Content-Type": self.headers.get("Content-Type") or ""}
                upstream.request(self.command, self.path, body or None, headers)
                response = upstream.getresponse()
                answer = response.read()
            except OSError:
                self.close_connection = True
                return
            finally:
                upstream.close()
            if self.command not in ("GET", "HEAD"):
                proxy.after(asked)
            if proxy.cuts and proxy.cuts in asked:
                self.close_connection = True
                return
            self._answer(response.status, proxy.rewrite(self.path, answer))

        do_GET = do_POST = do_DELETE = do_HEAD = _pass

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with _Server(str(place), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            serving.join()
