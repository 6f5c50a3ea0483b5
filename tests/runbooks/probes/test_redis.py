"""Probes of Redis against a real server."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runbooks import probes
from runbooks.errors import ProbeError
from runbooks.model import Step
from runbooks.probes.base import Measurement
from runbooks.probes.sources import Sources
from runbooks.results import Finding, Result
from runbooks.runner import Runner
from runbooks.tables import ProbeSpec, StepOptions
from runbooks.target import parse
from tests.runbooks.probes.redis_server import RedisServer, redis_server
from tests.torture.rude_databases import REDIS, answering

PASSWORD = "made-up-and-long"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    limits = ("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru")
    directory = tmp_path_factory.mktemp("redis")
    with redis_server(directory, *limits, password=PASSWORD) as server:
        yield server


@pytest.fixture(autouse=True)
def _empty(request: pytest.FixtureRequest) -> None:
    if "server" in request.fixturenames:
        server: RedisServer = request.getfixturevalue("server")
        server.client.flushall()
        server.client.config_resetstat()


async def look(name: str, url: str, **parameters: Any) -> Measurement:
    cls = probes.probe_class(f"redis.{name}")
    async with Sources() as sources:
        return await probes.build(cls, {"url": url, **parameters}).look(sources)


def value(found: Measurement, name: str) -> Any:
    reading = found.reading(name)
    assert reading, name
    return reading.value


async def judged(tmp_path: Path, url: str, **expect: Any) -> Finding:
    profile = parse(f'[redis]\nurl = "{url}"\n'.encode(), tmp_path / "p.toml")
    options = StepOptions(probe=ProbeSpec("redis.info", expect))
    step = Step("s", "s", "", 1, False, 0, "", options)
    return await Runner(profile).probe(step)


async def test_what_a_server_says(server: RedisServer) -> None:
    server.client.set("a", "x", ex=60)
    server.client.get("a")
    server.client.get("nope")
    found = await look("info", server.url())
    assert value(found, "answers") is True and value(found, "persistent") is True
    assert value(found, "limit") == 64 * 2**20
    assert 0 < value(found, "share") < 80
    assert value(found, "policy") == "allkeys-lru"
    assert (value(found, "reads"), value(found, "hit_ratio")) == (2, 50.0)
    assert (value(found, "login"), value(found, "exposed")) == (True, False)
    assert value(found, "major") >= 6
    assert PASSWORD not in found.evidence


async def test_a_server_as_it_is_shipped(tmp_path: Path) -> None:
    with redis_server(tmp_path) as bare:
        found = await look("info", bare.url())
        assert value(found, "limit") is None and value(found, "share") is None
        assert value(found, "login") is False
        assert value(found, "hit_ratio") is None
        bands = {"pass": "< 80 %", "warn": "absent"}
        finding = await judged(tmp_path, bare.url(), share=bands)
        assert finding.result is Result.WARN


async def test_evictions_are_counted(tmp_path: Path) -> None:
    full = ("--maxmemory", "2mb", "--maxmemory-policy", "allkeys-lru")
    with redis_server(tmp_path, *full) as server:
        for number in range(300):
            server.client.set(f"k{number}", os.urandom(10_000))
        found = await look("info", server.url())
        assert value(found, "evictions") > 50
        assert value(found, "share") > 80


async def test_data_that_cannot_be_written(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        server.client.config_set("dbfilename", "dump.rdb")
        (tmp_path / "dump.rdb").mkdir()
        server.client.set("a", "x")
        server.client.bgsave()
        while server.client.info()["rdb_bgsave_in_progress"]:
            threading.Event().wait(0.01)
        found = await look("info", server.url())
        assert value(found, "persistent") is False


async def test_keys_with_and_without_expiry(server: RedisServer) -> None:
    for number in range(20):
        server.client.set(f"video:{number}", "x", ex=300 + number)
        server.client.set(f"other:{number}", "x")
    server.client.set(b"video:\xff", "x", ex=100)
    found = await look("keys", server.url(), match="video:*")
    assert [value(found, n) for n in ("keys", "all", "without_expiry")] == [21, 41, 0]
    assert 300 <= value(found, "longest") <= 319
    server.client.set("video:for-ever", "x")
    assert value(await look("keys", server.url(), match="video:*"), "without_expiry")


async def test_a_sample_is_bounded(server: RedisServer) -> None:
    with server.client.pipeline() as pipeline:
        for number in range(3000):
            pipeline.set(f"n:{number}", "x")
        pipeline.execute()
    found = await look("keys", server.url(), match="n:*", sample=50)
    assert (value(found, "keys"), value(found, "all")) == (50, 3000)
    found = await look("keys", server.url(), match="no:*", most=500)
    assert (value(found, "keys"), value(found, "longest")) == (0, None)


async def test_looking_changes_nothing(server: RedisServer) -> None:
    server.client.set("video:1", "x", ex=300)
    before = server.client.info("stats")
    await look("info", server.url())
    await look("keys", server.url())
    after = server.client.info("stats")
    for counter in ("keyspace_hits", "keyspace_misses"):
        assert after[counter] - before[counter] <= 1  # TTL looks the key up
    assert server.client.get("video:1") == b"x"


async def test_one_connection_serves_a_pass(server: RedisServer) -> None:
    server.client.set("a", "x", ex=60)
    before = server.client.info("stats")["total_connections_received"]
    async with Sources() as sources:
        for name in ("info", "keys", "info"):
            cls = probes.probe_class(f"redis.{name}")
            await probes.build(cls, {"url": server.url()}).look(sources)
        assert sources.requests == {f"redis 127.0.0.1:{server.port}": 2}
    after = server.client.info("stats")["total_connections_received"]
    assert after - before == 1


@pytest.mark.parametrize("password", ["wrong-and-long", ""])
async def test_a_wrong_password(server: RedisServer, password: str) -> None:
    with pytest.raises(ProbeError, match="refused the login") as error:
        await look("info", server.url(password))
    assert error.value.stage == "login"
    assert PASSWORD not in str(error.value) and "wrong-and" not in str(error.value)


async def test_nobody_listens(closed_port: int, tmp_path: Path) -> None:
    url = f"redis://127.0.0.1:{closed_port}/0"
    with pytest.raises(ProbeError, match="refused the connection") as error:
        await look("info", url)
    assert error.value.stage == "tcp"
    finding = await judged(tmp_path, url, answers=True)
    assert finding.result is Result.FAIL
    finding = await judged(tmp_path, url, persistent=True)
    assert finding.result is Result.UNKNOWN


async def test_a_host_without_an_address() -> None:
    with pytest.raises(ProbeError, match="has no address") as error:
        await look("info", "redis://redis.invalid:6379/0")
    assert error.value.stage == "name"


async def test_silence(silent_port: int) -> None:
    with pytest.raises(ProbeError) as error:
        await look("info", f"redis://127.0.0.1:{silent_port}/0", timeout="200ms")
    assert error.value.stage == "timeout"


async def test_something_else_answers() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def answer() -> None:
            client, _ = listening.accept()
            with client:
                client.recv(1000)
                client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(ProbeError) as error:
            await look("info", f"redis://127.0.0.1:{listening.getsockname()[1]}/0")
        thread.join()
    assert error.value.stage in ("query", "tcp")


@pytest.mark.parametrize("url", ["http://h/", "redis://h:99999/0", "h:6379"])
def test_no_url_of_a_redis(url: str) -> None:
    spec = ProbeSpec("redis.info", {"answers": True}, {"url": url})
    assert "url is no redis" in probes.check(spec)[0]


async def test_no_more_than_so_much_is_read() -> None:
    way = REDIS["a text of 1 TB"]
    with answering(way) as port, pytest.raises(ProbeError) as error:
        await look("info", url=f"redis://127.0.0.1:{port}/0")
    assert "more than 16777216 bytes" in str(error.value)
