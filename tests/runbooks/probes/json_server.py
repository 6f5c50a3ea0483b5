"""A service that answers what a test says, and takes anything else for a mistake."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Query = dict[str, str]
Answer = tuple[int, Any]


@dataclass
class Service:
    """Answers GETs.

    Attributes:
        paths: by path, what is answered: a body, or what makes status and body of
            the query. Text goes out as it is, anything else as JSON.
        headers: what each request has to say, by name.
        violations: requests that no probe may make.
    """

    url: str = ""
    paths: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    queries: list[tuple[str, Query]] = field(default_factory=list)

    def answer(self, target: str) -> Answer:
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.queries.append((parts.path, query))
        if parts.path not in self.paths:
            self.violations.append(target)
            return 404, "404 page not found"
        said = self.paths[parts.path]
        if isinstance(said, Callable):  # type: ignore[arg-type]
            return said(query)  # type: ignore[no-any-return]
        return 200, said


@contextmanager
def running(service: Service) -> Iterator[Service]:
    """Serve until the end, then demand that nothing unknown was asked."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # body after head: no wait for an ACK

        def do_GET(self) -> None:
            status, body = service.answer(self.path)
            if any(self.headers[k] != v for k, v in service.headers.items()):
                status, body = 401, {"message": "Unauthorized"}
            text = body if isinstance(body, str) else json.dumps(body)
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _other(self) -> None:
            service.violations.append(f"{self.command} {self.path}")
            self.send_error(405)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _other

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert service.violations == []
