"""What tests start: a web server, a Docker Engine, an API server, dead ports."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from runbooks.probes.kubernetes import connection
from runbooks.probes.sources import Sources
from tests.runbooks.probes.docker_engine import DockerEngine, running_engine
from tests.runbooks.probes.kubernetes_api import KubernetesAPI, kubernetes_api
from tests.runbooks.probes.kubernetes_in_a_thread import in_a_thread
from tests.runbooks.probes.kubernetes_workloads import Cluster

HEALTHY = {"status": "healthy", "checks": [{"name": "database"}], "user": None}


@dataclass
class WebServer:
    """What tests know of the server: its address, and what it was asked."""

    url: str
    port: int
    asked: Counter[str] = field(default_factory=Counter)
    stopping: threading.Event = field(default_factory=threading.Event)


def _handler(web: WebServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # body after head: no wait for an ACK

        def do_GET(self) -> None:
            web.asked[self.path] += 1
            body, headers, status = b"", {}, 200
            match self.path.strip("/"):
                case "health":
                    body = json.dumps(HEALTHY).encode()
                case "503":
                    status = 503
                case "slow":
                    web.stopping.wait(20)
                case "redirect":
                    status, headers = 301, {"Location": "https://elsewhere.test/"}
                case "headers":
                    headers = {
                        "Strict-Transport-Security": "max-age=31536000; preload",
                        "Set-Cookie": "session=verysecret; HttpOnly",
                    }
                case "echo":
                    body = str(self.headers["Authorization"]).encode()
                case "big":
                    body = b"x" * 1_000_000
                case "garbage":
                    self.wfile.write(b"\x00\x01 this is no HTTP\r\n\r\n")
                    self.close_connection = True
                    return
            self._answer(status, headers, body)

        def do_OPTIONS(self) -> None:
            known = self.headers["Origin"] == "https://app.test"
            allowed = {"Access-Control-Allow-Origin": "https://app.test"}
            self._answer(200 if known else 400, allowed if known else {}, b"")

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    return Handler


@pytest.fixture
def web() -> Iterator[WebServer]:
    """A server that answers each path in its own way, see the handler."""
    web = WebServer("", 0)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(web))
    web.port = server.server_port
    web.url = f"http://127.0.0.1:{web.port}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    yield web
    web.stopping.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def closed_port() -> int:
    """A port of this machine that refuses connections."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port whose queue is full, so that a further connection is never answered."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = int(server.getsockname()[1])
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        yield port
        for client in waiting:
            client.close()


@pytest.fixture
def cluster() -> Cluster:
    """A healthy cluster, to be changed."""
    return Cluster()


@pytest.fixture(scope="module")
def patient() -> Iterator[None]:
    """How fast sources answer is no matter: the machine may be busy."""
    within = Sources.within
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sources, "within", lambda s, _, work: within(s, 90.0, work))
        yield


@pytest.fixture
def threaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start no process to ask an API server: a thread of this one does."""
    monkeypatch.setattr(connection, "started", in_a_thread)


@pytest.fixture
def kubernetes(threaded: None) -> Iterator[KubernetesAPI]:
    """An API server without objects; what no probe may ask fails the test."""
    with kubernetes_api([]) as api:
        yield api
        assert api.violations == []


@pytest.fixture(scope="session")
def docker() -> Iterator[DockerEngine]:
    """A Docker Engine for all."""
    with running_engine() as engine:
        yield engine
