"""A web server of our own on loopback that answers what a test wrote down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def route(self) -> str:
        """Method and path without a query."""
        return f"{self.method} {self.path.partition('?')[0]}"


@dataclass
class Says:
    """One answer.

    Attributes:
        headers: a value may be several, for a header that comes more than once.
    """

    status: int = 200
    body: str | bytes = ""
    headers: Mapping[str, str | list[str]] = field(default_factory=dict)


Answering = Says | Callable[[Asked], Says]


@dataclass
class Site:
    """The server: what it answers by route (``GET /health``), and what it was asked."""

    url: str = ""
    answers: dict[str, Answering] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def get(self, path: str, *, status: int = 200, body: str | bytes = "",
            **headers: str) -> None:  # fmt: skip
        """Answer GET; a header's name is written with underscores."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[f"GET {path}"] = Says(status, body, said)


@contextmanager
def running_site() -> Iterator[Site]:
    """Run it until the context is left; what is not written down is 404."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # body after head: no wait for an ACK

        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            asked = Asked(
                self.command, self.path, dict(self.headers), self.rfile.read(length)
            )
            site.asked.append(asked)
            known = site.answers.get(asked.route, Says(404))
            said = known(asked) if callable(known) else known
            body = said.body.encode() if isinstance(said.body, str) else said.body
            self.send_response(said.status)
            for name, value in said.headers.items():
                for each in [value] if isinstance(value, str) else value:
                    self.send_header(name, each)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_OPTIONS = handle_one

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        request_queue_size = 64
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        site.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
