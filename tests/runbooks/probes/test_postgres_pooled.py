"""PostgreSQL behind PgBouncer, whose transaction mode mixes sessions up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from runbooks.errors import ProbeError
from runbooks.probes import build, probe_class
from runbooks.probes.sources import Sources
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.pgbouncer_server import pgbouncer
from tests.runbooks.probes.postgres_server import (
    PASSWORD,
    PostgresServer,
    postgres_server,
)

MIXING = ("pool_mode = transaction", "query_wait_timeout = 2")


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

    with pgbouncer(server, *MIXING) as pooler:
        numbers = await asyncio.gather(
            *(walk(pooler.dsn, number) for number in range(6))
        )
        assert numbers == list(range(6))
        assert [await walk(pooler.dsn, number) for number in range(3)] == [0, 1, 2]


async def test_the_pooler_has_no_server(server: PostgresServer) -> None:
    with pgbouncer(server, *MIXING) as pooler:
        server.stop()
        try:
            with pytest.raises(ProbeError) as error:
                await look("postgres.version", dsn=pooler.dsn)
        finally:
            server.start()
    assert error.value.stage in ("login", "query", "tcp")
    assert PASSWORD not in str(error.value)
