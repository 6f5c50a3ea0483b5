"""Probes of connections and statements against PostgreSQL 16 and 15."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from runbooks.errors import ProbeError
from runbooks.results import Result
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.postgres_server import (
    PASSWORD,
    PostgresServer,
    judged,
    postgres_server,
)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server("max_connections = 12", "reserved_connections = 1") as server:
        server.psql(
            "create role app login password 'made-up-and-long'",
            "create role watcher login password 'made-up-and-long' in role pg_monitor",
            "create table jobs (n int)",
        )
        yield server


@pytest.fixture(scope="module")
def watched() -> Iterator[PostgresServer]:
    """Debian's 15, which brings the extension."""
    preload = "shared_preload_libraries = 'pg_stat_statements'"
    with postgres_server(preload, debian=True) as server:
        server.psql("create role app login password 'made-up-and-long'")
        yield server


@asynccontextmanager
async def sessions(server: PostgresServer, *statements: str) -> AsyncIterator[None]:
    """Keep sessions open, each after a statement of its own."""
    import asyncpg

    opened: list[Any] = []
    try:
        for statement in statements:
            dsn = server.dsn("app").replace("+psycopg", "")
            connection = await asyncpg.connect(
                dsn, server_settings={"application_name": "worker"}
            )
            opened.append(connection)
            await connection.execute(statement)
        yield
    finally:
        for connection in opened:
            connection.terminate()


async def test_connections(server: PostgresServer) -> None:
    async with sessions(server, "select 1", "begin; select 1"):
        await asyncio.sleep(0.01)
        dsn = server.dsn("watcher")
        seen = await look("postgres.connections", dsn=dsn, processes=2)
    said = told(seen)
    # 3 for superusers, 1 for pg_use_reserved_connections
    assert (said["most"], said["usable"], said["used"]) == (12, 8, 3)
    assert said["share"] == 37.5
    counted = [said[name] for name in ("active", "idle", "idle_in_transaction")]
    assert (counted, said["blocked"]) == ([1, 1, 1], 0)
    assert 0 < float(str(said["longest_idle"])) < 60
    assert float(str(said["longest_transaction"])) > 0
    assert "longest_statement" not in said
    assert said["demand"] == 30
    assert "worker as app: 1 idle in transaction" in seen.evidence


async def test_more_is_wanted_than_there_is(
    server: PostgresServer, tmp_path: Path
) -> None:
    bounds = {"demand": {"pass": "<= 80 % of [usable]", "warn": "<= [usable]"}}
    use = "postgres.connections"
    for processes, result in ((1, Result.PASS), (2, Result.WARN), (3, Result.FAIL)):
        finding = await judged(
            tmp_path, server, use, bounds, processes=processes, each=4
        )
        assert finding.result is result
    assert finding.reason == "demand 12, not <= 80 % of [usable] (8)"


async def test_what_others_do_is_hidden(server: PostgresServer) -> None:
    async with sessions(server, "begin"):
        server.psql("create role stranger login password 'made-up-and-long'")
        seen = await look("postgres.connections", dsn=server.dsn("stranger"))
    assert told(seen)["used"] == 2
    assert seen.reading("idle_in_transaction") is None
    assert "pg_monitor" in seen.lacking["idle_in_transaction"]


async def test_no_connection_is_left(server: PostgresServer) -> None:
    async with sessions(server, *["select 1"] * 8):
        with pytest.raises(ProbeError, match="refused the login") as error:
            await look("postgres.version", dsn=server.dsn("app"))
        seen = await look("postgres.connections", dsn=server.dsn("app"))
    assert error.value.stage == "login"
    assert "reserved" in str(error.value)
    assert told(seen) == {"share": 100.0}
    assert "reserved" in seen.evidence and "reserved" in seen.lacking["usable"]


async def test_statements_that_nobody_times(server: PostgresServer) -> None:
    seen = await look("postgres.statements", dsn=server.dsn())
    assert [seen.readings[n].value for n in ("preloaded", "created")] == [None, None]
    assert "this build of the server has no pg_stat" in seen.lacking["preloaded"]


async def test_statements_that_are_timed(
    watched: PostgresServer, tmp_path: Path
) -> None:
    use = "postgres.statements"
    bounds = {"preloaded": True, "created": {"pass": True, "warn": False}}
    assert (await judged(tmp_path, watched, use, bounds)).result is Result.WARN
    watched.psql('create schema "Statistics"')
    watched.psql('create extension pg_stat_statements schema "Statistics"')
    for _ in range(3):
        watched.psql("select pg_sleep(0.02), 'made-up-literal'")
        watched.psql(f"alter role app password '{PASSWORD}'")
    assert (await judged(tmp_path, watched, use, bounds)).result is Result.PASS
    seen = await look(use, dsn=watched.dsn(), calls=3)
    said = told(seen)
    assert 0.02 <= float(str(said["slowest"])) < 1
    assert int(str(said["statements"])) >= 1 and said["io_timing"] is False
    assert "3 times: select pg_sleep($1), $2" in seen.evidence
    assert "made-up" not in seen.evidence and PASSWORD not in seen.evidence
    assert "alter role" not in seen.evidence


async def test_what_is_preloaded_may_be_hidden(watched: PostgresServer) -> None:
    seen = await look("postgres.statements", dsn=watched.dsn("app"))
    assert seen.reading("preloaded") is None
    assert "pg_monitor" in seen.lacking["preloaded"]
