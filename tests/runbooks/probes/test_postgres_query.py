"""The probe of one statement against PostgreSQL 16."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from runbooks import probes
from runbooks.errors import ProbeError
from runbooks.probes.postgres import connection
from runbooks.probes.sources import Sources
from runbooks.tables import ProbeSpec
from tests.runbooks.probes.looking import look
from tests.runbooks.probes.postgres_server import (
    PASSWORD,
    PostgresServer,
    postgres_server,
)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


async def asked(server: PostgresServer, statement: str, **more: Any) -> dict[str, Any]:
    dsn = server.dsn()
    seen = await look("postgres.query", dsn=dsn, statement=statement, **more)
    assert PASSWORD not in seen.evidence
    return {name: (each.value, each.unit) for name, each in seen.readings.items()}


async def test_the_columns_of_one_row_are_readings(server: PostgresServer) -> None:
    read = await asked(
        server,
        "select 3 as count, 2.5::numeric as mean, 4::numeric as whole, true as ok,"
        " null as nothing, interval '90 min' as age_seconds, 'a' as name,"
        " interval '36 h' as left_days, 17::bigint as size_bytes, array['x','y'] as"
        " names, '{}'::text[] as none, date '2026-01-02' as day, 50.0::float as"
        " dead_percent",
    )
    assert read == {
        "rows": (1, ""),
        "count": (3, ""),
        "mean": (2.5, ""),
        "whole": (4, ""),
        "ok": (True, ""),
        "nothing": (None, ""),
        "age_seconds": (5400.0, "s"),
        "name": ("a", ""),
        "left_days": (1.5, "d"),
        "size_bytes": (17, "B"),
        "names": ("x, y", ""),
        "none": (None, ""),
        "day": ("2026-01-02", ""),
        "dead_percent": (50.0, "%"),
    }


async def test_several_rows_and_none(server: PostgresServer) -> None:
    read = await asked(server, "select n, n * n as square from generate_series(1, 3) n")
    assert read == {"rows": (3, ""), "n": ("1, 2, 3", ""), "square": ("1, 4, 9", "")}
    assert await asked(server, "select 1 as one where false") == {"rows": (0, "")}
    assert (await asked(server, "show server_version"))["rows"] == (1, "")


async def test_the_evidence_says_what_came_and_who_asked(
    server: PostgresServer,
) -> None:
    statement = "select 7 as stale, interval '2 h' as age_seconds"
    seen = await look("postgres.query", dsn=server.dsn(), statement=statement)
    assert "asked as gonogo, no superuser, reads all statistics" in seen.evidence
    assert "stale: 7" in seen.evidence and "age_seconds: 2 h" in seen.evidence


@pytest.mark.parametrize(
    "statement",
    [
        "with gone as (delete from kept returning 1) select count(*) from gone",
        "select set_config ('a.b', 'c', false)",
        "select nextval('numbers')",
        "select 1; drop table kept",
        "select 1; commit; drop table kept",
        "with x as (select 1) insert into kept values (2)",
        "select * into other from kept",
        "select n from kept for update",
    ],
)
async def test_nothing_can_be_written(server: PostgresServer, statement: str) -> None:
    server.psql(
        "drop table if exists kept, other",
        "create table kept as select 1 as n",
        "create sequence if not exists numbers",
    )
    with pytest.raises(ProbeError) as error:
        await asked(server, statement)
    assert error.value.stage in ("query", "configuration")
    assert server.psql("select count(*) from kept") == "1"
    assert server.psql("select is_called from numbers") == "f"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("delete from users", "no SELECT"),
        ("commit", "no SELECT"),
        ("-- a\nupdate users set x = 1", "no SELECT"),
        ("select pg_terminate_backend(1)", "calls pg_terminate_backend"),
        ("select PG_SWITCH_WAL ()", "does more than read"),
    ],
)
def test_what_acts_is_refused_in_the_document(statement: str, said: str) -> None:
    spec = ProbeSpec("postgres.query", {"rows": 1}, {"statement": statement})
    assert said in probes.check(spec)[0]


def test_a_comment_may_come_first() -> None:
    statement = "/* a */ -- b\n (SELECT 1 as n)"
    assert not probes.check(
        ProbeSpec("postgres.query", {"n": 1}, {"statement": statement})
    )


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("select no_such from pg_class", "does not exist"),
        ("select 1 as", "syntax error"),
        ("select interval '1 h' as age", "name it …_seconds"),
        ("select 'a'::bytea as raw", "cast it to text"),
        ("select pg_sleep(9)::text as slow", "no answer in 5 s"),
    ],
)
async def test_what_cannot_be_answered(
    server: PostgresServer, statement: str, said: str
) -> None:
    with pytest.raises(ProbeError, match=said):
        await asked(server, statement)


async def test_one_question_serves_a_pass_on_a_connection_of_its_own(
    server: PostgresServer,
) -> None:
    cls = probes.probe_class("postgres.query")
    count = "select count(*) as mine from pg_stat_activity where usename = 'gonogo'"
    parameters = {"dsn": server.dsn(), "statement": count}
    async with Sources() as sources:
        for _ in range(3):
            seen = await probes.build(cls, parameters).look(sources)
        assert sources.requests == {f"postgres 127.0.0.1:{server.port}/postgres": 2}
    mine = seen.reading("mine")
    assert mine and mine.value == 2
    assert server.psql(count) == "0"


async def test_however_many_statements_there_are_few_connections_are_open(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, open_now, most = connection.opened, 0, 0

    @asynccontextmanager
    async def counted(*where: Any) -> AsyncIterator[Any]:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        try:
            async with really(*where) as each:
                yield each
        finally:
            open_now -= 1

    monkeypatch.setattr(connection, "opened", counted)
    cls = probes.probe_class("postgres.query")
    async with Sources() as sources:
        asked = (
            probes.build(cls, {"dsn": server.dsn(), "statement": f"select {n} as n"})
            for n in range(12)
        )
        await asyncio.gather(*(each.look(sources) for each in asked))
    assert most == 1 + connection.ALONE == 4
