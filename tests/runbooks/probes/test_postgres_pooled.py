"""PostgreSQL behind PgBouncer, whose transaction mode mixes sessions up."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from runbooks.errors import ProbeError
from runbooks.probes import build, probe_class
from runbooks.probes.sources import Sources
from runbooks.rehearsal.parts import as_nobody
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.postgres_server import (
    PASSWORD,
    PostgresServer,
    postgres_server,
)

_CONFIGURATION = """
[databases]
postgres = host=127.0.0.1 port={server} user=postgres password={password}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
server_login_retry = 0.1
query_wait_timeout = 2
"""


@contextmanager
def pooled(server: PostgresServer) -> Iterator[str]:
    """Run PgBouncer in transaction mode, and yield the address to use."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        said = "pgbouncer is not installed"
        pytest.fail(said) if os.environ.get("CI") == "true" else pytest.skip(said)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    file = server.directory / "pgbouncer.ini"
    file.write_text(
        _CONFIGURATION.format(server=server.port, port=port, password=PASSWORD)
    )
    file.chmod(0o644)
    process = subprocess.Popen(
        as_nobody((program, str(file))),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _wait(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        with closing(socket.socket()) as client:
            if not client.connect_ex(("127.0.0.1", port)):
                return
        assert time.monotonic() < deadline, "PgBouncer did not start"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


async def test_passes_share_few_sessions_of_a_pooler(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def walk(dsn: str, number: int) -> object:
        # As if each pass ran in a process of its own, which counts from one.
        monkeypatch.setattr("asyncpg.connection._uid", 0)
        statement = f"select {number} as number, pg_sleep(0.01)::text as nothing"
        cls = probe_class("postgres.query")
        async with Sources() as sources:
            probe = build(cls, {"dsn": dsn, "statement": statement})
            seen = await probe.look(sources)
            version = build(probe_class("postgres.version"), {"dsn": dsn})
            assert told(await version.look(sources))["major"] == 16
        return told(seen)["number"]

    with pooled(server) as dsn:
        numbers = await asyncio.gather(*(walk(dsn, number) for number in range(6)))
        assert numbers == list(range(6))
        assert [await walk(dsn, number) for number in range(3)] == [0, 1, 2]


async def test_the_pooler_has_no_server(server: PostgresServer) -> None:
    with pooled(server) as dsn:
        server.stop()
        try:
            with pytest.raises(ProbeError) as error:
                await look("postgres.version", dsn=dsn)
        finally:
            server.start()
    assert error.value.stage in ("login", "query", "tcp")
    assert PASSWORD not in str(error.value)
