"""What Docker probes say when nobody can look."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from runbooks import probes
from runbooks.errors import ProbeError
from runbooks.probes.docker.client import SOCKET, Engine
from runbooks.probes.sources import Sources

VERSION = b'{"ApiVersion": "1.41", "Version": "20.10"}'


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """Answer every question but that for the version in one way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asks_version = self.path.endswith("/version")
            said = (200, VERSION) if asks_version and status != 401 else (status, body)
            self.send_response(said[0])
            self.send_header("Content-Length", str(len(said[1])))
            self.end_headers()
            self.wfile.write(said[1])

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    serving.start()
    yield f"tcp://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    serving.join()


async def failure(host: str, aspect: str = "limits", budget: float = 5) -> ProbeError:
    cls = probes.probe_class(f"docker.{aspect}")
    async with Sources() as sources:
        probe = probes.build(cls, {"host": host, "timeout": f"{int(budget * 1000)}ms"})
        with pytest.raises(ProbeError) as caught:
            await probe.look(sources)
    assert caught.value.source == Engine.at(host).source
    return caught.value


async def test_no_engine_at_the_socket(tmp_path: Path) -> None:
    said = await failure(str(tmp_path / "docker.sock"), "engine")
    assert said.stage == "tcp" and "docker.sock is not there" in str(said)


async def test_refused(closed_port: int) -> None:
    said = await failure(f"tcp://127.0.0.1:{closed_port}")
    assert (said.stage, str(said)) == (
        "tcp",
        f"tcp://127.0.0.1:{closed_port} refused the connection",
    )


async def test_no_address() -> None:
    said = await failure("tcp://nowhere.invalid:2375")
    assert said.stage == "name" and "has no address" in str(said)


async def test_silence(silent_port: int) -> None:
    said = await failure(f"tcp://127.0.0.1:{silent_port}", budget=0.2)
    assert said.stage == "timeout" and "no answer in 0.2 s" in str(said)


@pytest.mark.parametrize(
    ("status", "body", "stage", "words"),
    [
        (403, b'{"message": "not for you"}', "login", "answered 403: not for you"),
        (401, b"", "login", "answered 401"),
        (500, b'{"message": "disk"}', "query", "answered 500: disk"),
        (200, b"<html>", "query", "an answer that no Engine gives"),
        (200, b'[{"Name": "x"}]', "query", "an answer that no Engine gives"),
        (200, b"[]", "query", "has no container of any compose project"),
    ],
)
async def test_other_answers(status: int, body: bytes, stage: str, words: str) -> None:
    with answering(status, body) as host:
        said = await failure(host)
    assert said.stage == stage and words in str(said)


async def test_an_answer_without_what_was_asked_for() -> None:
    with answering(200, b"{}") as host:
        said = await failure(host, "engine")
    assert said.stage == "query" and "no Engine gives" in str(said)


def test_a_stream_that_is_cut_within_a_header() -> None:
    said = pytest.raises(ProbeError, match="an answer that no Engine gives")
    with said, Engine.at("").explaining():
        struct.unpack(">BxxxL", b"\1\0\0")  # as the SDK does


async def test_a_host_that_cannot_be_asked() -> None:
    said = await failure("ssh://host")
    assert said.stage == "configuration" and "write unix:///PATH" in str(said)


async def test_a_password_in_the_url_is_not_told(closed_port: int) -> None:
    said = await failure(f"tcp://ana:hunter2@127.0.0.1:{closed_port}")
    assert "hunter2" not in f"{said} {said.source}"


async def test_certificates_that_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    said = await failure("tcp://127.0.0.1:2376")
    assert said.stage == "configuration" and "cannot be asked" in str(said)


def test_where_the_engine_is_unless_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    assert Engine.at("").url == SOCKET
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.0.0.9:2375")
    assert Engine.at("").url == "tcp://10.0.0.9:2375"
    assert Engine.at("/run/other.sock").url == "unix:///run/other.sock"
    assert not Engine.at("").here and Engine.at("/run/other.sock").here


def test_a_path_has_to_be_one() -> None:
    cls = probes.probe_class("docker.mounts")
    assert cls.complaints({"path": "data"}) == [
        "path: 'data' is no path in a container; begin it with /"
    ]
