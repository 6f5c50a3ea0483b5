"""Probes of rights, indexes and housekeeping against PostgreSQL 16."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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
    with postgres_server("autovacuum = off") as server:
        server.psql(
            "create role app login password 'made-up-and-long'",
            "create table jobs (id serial primary key, state text)",
            "create table alembic_version (version_num text)",
            "create index jobs_state_idx on jobs (state)",
            "insert into jobs (state) select n % 5 from generate_series(1, 20000) n",
        )
        yield server


async def test_rights_that_lack_and_then_do_not(server: PostgresServer) -> None:
    use = "postgres.privileges"
    said = told(await look(use, dsn=server.dsn("app")))
    assert said["role"] == "app" and said["tables"] == 2
    assert said["missing"] == (
        "SELECT on alembic_version, SELECT, INSERT, UPDATE, DELETE on jobs,"
        " USAGE on jobs_id_seq"
    )
    server.psql(
        "create table parted (id int generated always as identity, n int)"
        " partition by list (n)",
        "create table parted_1 partition of parted for values in (1)",
        "grant select, insert, update, delete on parted to app",
        "grant select on alembic_version to app",
        "grant select, insert, update, delete on jobs to app",
        "grant usage on sequence jobs_id_seq to app",
    )
    seen = await look(use, dsn=server.dsn(), application="app")
    assert "missing" not in told(seen) and "strong" not in told(seen)
    assert (told(seen)["owned"], told(seen)["creates"]) == (0, False)
    assert "asked as gonogo, no superuser, reads all statistics" in seen.evidence
    assert "judged: app (no strong flags)" in seen.evidence
    server.psql("drop table parted")


async def test_rights_that_are_too_much(server: PostgresServer, tmp_path: Path) -> None:
    use, bounds = "postgres.privileges", {"pass": "absent", "warn": "present"}
    finding = await judged(
        tmp_path, server, use, {"strong": bounds}, application="postgres"
    )
    assert finding.result is Result.WARN
    assert finding.reason == "strong: superuser, createrole, replication, bypassrls"
    server.psql("create role crew login in role app", "alter table jobs owner to app")
    said = told(await look(use, dsn=server.dsn(), application="crew"))
    assert (said["owned"], said.get("missing")) == (1, None)
    server.psql("alter table jobs owner to postgres", "drop role crew")


async def test_a_role_that_is_not_there(server: PostgresServer) -> None:
    seen = await look("postgres.privileges", dsn=server.dsn(), application="nobody")
    assert seen.reading("missing") is None
    assert seen.lacking["missing"] == "no role 'nobody' or no schema 'public'"


async def test_indexes(server: PostgresServer) -> None:
    needed = ["jobs_state_idx", "jobs_queue_idx"]
    parameters = {"needed": needed, "large": 1000, "rows_from": 10_000}
    server.psql("create unique index guard on jobs (id)", "analyze jobs")
    for _ in range(2):
        server.psql(*["select max(state) from jobs"] * 6)
    server.psql("select pg_stat_force_next_flush()")
    seen = await look("postgres.indexes", dsn=server.dsn(), **parameters)
    said = told(seen)
    assert said["missing"] == "jobs_queue_idx" and "invalid" not in said
    assert "jobs_pkey" not in str(said.get("unused")) and "guard" not in str(said)
    assert said["indexes"] == 3
    server.psql("drop index guard")


async def test_a_broken_index(server: PostgresServer, tmp_path: Path) -> None:
    # What a CREATE INDEX CONCURRENTLY leaves behind that meets duplicates.
    with pytest.raises(AssertionError, match="could not create unique index"):
        server.psql("create unique index concurrently jobs_one_idx on jobs (state)")
    finding = await judged(
        tmp_path, server, "postgres.indexes", {"invalid": "absent", "indexes": ">= 1"}
    )
    assert (finding.result, finding.reason) == (Result.FAIL, "invalid: jobs_one_idx")
    server.psql("drop index jobs_one_idx")


async def test_tables_that_are_read_in_full_and_indexes_without_use(
    server: PostgresServer,
) -> None:
    server.psql(
        "create table big as select n, n % 7 as m from generate_series(1, 12000) n",
        "create index big_m_idx on big (m)",
        *["select count(*) from big where n = 3"] * 11,
        "select pg_stat_force_next_flush()",
    )
    parameters = {"large": 1000, "rows_from": 10_000}
    seen = await look("postgres.indexes", dsn=server.dsn(), **parameters)
    assert "big" in str(told(seen)["scanned"]).split(", ")
    assert "big_m_idx" in str(told(seen)["unused"]).split(", ")
    assert "big: 12000 rows, read in full" in seen.evidence
    server.psql("drop table big")


async def test_housekeeping(server: PostgresServer, tmp_path: Path) -> None:
    server.psql(
        "create table churned as select n from generate_series(1, 20000) n",
        "select pg_stat_force_next_flush()",
    )
    server.psql(
        "analyze churned",
        "delete from churned where n % 2 = 0",
        "select pg_stat_force_next_flush()",
    )
    seen = await look("postgres.vacuum", dsn=server.dsn())
    said = told(seen)
    assert said["autovacuum"] is False
    assert (said["worst"], round(float(str(said["dead"])))) == ("public.churned", 50)
    assert int(str(said["age"])) > 0 and "exempt" not in said
    assert "public.churned" not in str(said.get("unanalysed"))
    assert "50 % dead, analysed" in seen.evidence
    server.psql(
        "vacuum churned",
        "alter table churned set (autovacuum_enabled = off)",
        "alter system set autovacuum = on",
        "select pg_reload_conf()",
    )
    bounds = {
        "autovacuum": True,
        "dead": {"pass": "< 20 %", "warn": "<= 40 %"},
        "age": {"pass": "< 1000000000", "warn": "<= 1500000000"},
    }
    finding = await judged(tmp_path, server, "postgres.vacuum", bounds)
    assert finding.result is Result.PASS
    assert "exempt: public.churned" not in finding.evidence
    said = told(await look("postgres.vacuum", dsn=server.dsn(), analysed="0s"))
    assert said["exempt"] == "public.churned"
    server.psql("drop table churned")


async def test_tables_that_nobody_analysed(server: PostgresServer) -> None:
    server.psql(
        "create table fresh with (autovacuum_enabled = off) as"
        " select n from generate_series(1, 11000) n",
        "select pg_stat_force_next_flush()",
    )
    said = told(await look("postgres.vacuum", dsn=server.dsn()))
    assert "public.fresh" in str(said["unanalysed"])
    said = told(await look("postgres.vacuum", dsn=server.dsn(), rows_from=10**6))
    assert (said["dead"], said["large"]) == (0.0, 0) and "unanalysed" not in said
    server.psql("drop table fresh")


@pytest.mark.parametrize("use", ["privileges", "indexes", "vacuum"])
async def test_a_wrong_password(server: PostgresServer, use: str) -> None:
    with pytest.raises(ProbeError, match="refused the login") as error:
        await look(f"postgres.{use}", dsn=server.dsn("app", "wrong-and-long"))
    assert (error.value.stage, "wrong-and" in str(error.value)) == ("login", False)
    assert PASSWORD not in str(error.value)
