"""Probes of OpenSearch against a fake that knows its paths and nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from runbooks import expectations, probes
from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement
from runbooks.probes.sources import Sources
from runbooks.results import Result

ABOUT = {
    "name": "node-1",
    "cluster_name": "docker-cluster",
    "version": {"distribution": "opensearch", "number": "2.12.0"},
    "tagline": "The OpenSearch Project: https://opensearch.org/",
}
HEALTH = {
    "cluster_name": "docker-cluster",
    "status": "green",
    "number_of_nodes": 3,
    "number_of_data_nodes": 3,
    "unassigned_shards": 0,
}
CONDITION = {"pass": ["green", "yellow, one node"], "warn": "yellow"}


@dataclass
class Cluster:
    """What the fake answers, by path; `violations` is what no probe may ask."""

    url: str = ""
    health: dict[str, Any] = field(default_factory=lambda: dict(HEALTH))
    counts: dict[str, int] = field(default_factory=dict)
    login: str = ""
    garbage: bool = False
    violations: list[str] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, Any]:
        if path == "/":
            return 200, ABOUT
        if path == "/_cluster/health":
            return 200, self.health
        index, slash, what = path.strip("/").partition("/")
        if slash and what == "_count":
            if index not in self.counts:
                return 404, {"error": {"type": "index_not_found_exception"}}
            return 200, {"count": self.counts[index], "_shards": {"total": 1}}
        self.violations.append(path)
        return 400, {"error": "no handler found"}


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # body after head: no wait for an ACK

        def do_GET(self) -> None:
            status, body = cluster.answer(self.path)
            if cluster.login and self.headers["Authorization"] != cluster.login:
                status, body = 401, "Unauthorized"
            data = b"<html>" if cluster.garbage else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _other(self) -> None:
            cluster.violations.append(f"{self.command} {self.path}")
            self.send_error(405)

        do_POST = do_PUT = do_DELETE = do_HEAD = _other

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    cluster.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield cluster
    server.shutdown()
    server.server_close()
    thread.join()
    assert cluster.violations == []


async def look(name: str, url: str, **parameters: Any) -> Measurement:
    cls = probes.probe_class(f"opensearch.{name}")
    async with Sources() as sources:
        return await probes.build(cls, {"url": url, **parameters}).look(sources)


def value(found: Measurement, name: str) -> Any:
    reading = found.reading(name)
    assert reading, name
    return reading.value


@pytest.mark.parametrize(
    ("status", "nodes", "result"),
    [
        ("green", 3, Result.PASS),
        ("yellow", 1, Result.PASS),
        ("yellow", 3, Result.WARN),
        ("red", 1, Result.FAIL),
    ],
)
async def test_condition(
    cluster: Cluster, status: str, nodes: int, result: Result
) -> None:
    cluster.health |= {"status": status, "number_of_nodes": nodes}
    found = await look("health", cluster.url)
    reading = found.reading("condition")
    assert reading
    judged = expectations.judge(reading, expectations.parse(CONDITION))
    assert judged.result is result
    assert value(found, "answers") is True
    assert (value(found, "version"), value(found, "major")) == ("2.12.0", 2)
    assert (value(found, "login"), value(found, "encrypted")) == (False, False)


async def test_indices(cluster: Cluster) -> None:
    cluster.counts = {"segments": 950, "youtube_segments": 0}
    names = ["segments", "youtube_segments", "gone"]
    found = await look("indices", cluster.url, indices=names)
    assert value(found, "missing") == "gone"
    assert value(found, "empty") == "youtube_segments"
    assert value(found, "documents") == value(found, "documents.segments") == 950
    assert value(found, "documents.gone") is None


async def test_a_login_is_sent_and_told_of(cluster: Cluster) -> None:
    cluster.login = "Basic bWU6bWFkZS11cC1wdw=="
    with pytest.raises(ProbeError, match="wants a login") as error:
        await look("health", cluster.url)
    assert error.value.stage == "login"
    found = await look("health", cluster.url, user="me", password="made-up-pw")
    assert value(found, "login") is True


async def test_garbage(cluster: Cluster) -> None:
    cluster.garbage = True
    with pytest.raises(ProbeError, match="no JSON"):
        await look("health", cluster.url)


@pytest.mark.parametrize("lacking", ["status", "number_of_nodes"])
async def test_an_answer_of_something_else(cluster: Cluster, lacking: str) -> None:
    del cluster.health[lacking]
    with pytest.raises(ProbeError, match="no OpenSearch answers"):
        await look("health", cluster.url)


async def test_nobody_listens(closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}"
    with pytest.raises(ProbeError, match="refused") as error:
        await look("indices", url, indices=["segments"])
    assert error.value.stage == "tcp"
    assert error.value.source == f"opensearch 127.0.0.1:{closed_port}"
