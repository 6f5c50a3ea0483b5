"""What keeps a look at PostgreSQL from doing anything: words, rights, limits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.postgres.statement import objection
from runbooks.probes.postgres.transaction import user
from runbooks.results import Result
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.pgbouncer_server import pgbouncer
from tests.runbooks.probes.postgres_server import (
    PASSWORD,
    PostgresServer,
    judged,
    postgres_server,
)

LIMITS = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "30s",
    "client_connection_check_interval": "1s",
    "transaction_read_only": "on",
    "application_name": f"gonogo/{user()}/s",
}
ASKED = "select " + ", ".join(f"current_setting('{n}') as {n}" for n in LIMITS)


@pytest.fixture(scope="module", params=[False, True], ids=["16", "15"])
def server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    with postgres_server(debian=request.param) as server:
        yield server


@pytest.mark.parametrize("mode", ["", "session", "transaction"])
async def test_every_limit_is_set(
    server: PostgresServer, tmp_path: Path, mode: str
) -> None:
    if not mode:
        finding = await judged(
            tmp_path, server, "postgres.query", LIMITS, statement=ASKED
        )
        assert finding.result is Result.PASS, finding.reason
        return
    with pgbouncer(server, f"pool_mode = {mode}") as pooler:
        said = told(await look("postgres.query", dsn=pooler.dsn, statement=ASKED))
    nobody = LIMITS["application_name"].removesuffix("/s")
    assert said == {**LIMITS, "application_name": nobody, "rows": 1}


@pytest.mark.parametrize(
    ("granted", "said"),
    [
        ("superuser", "is a superuser"),
        ("in role pg_signal_backend", "is a member of pg_signal_backend"),
        ("in role between", "is a member of pg_execute_server_program"),
        ("noinherit in role between", "is a member of pg_execute_server_program"),
        ("in role pg_write_server_files", "is a member of pg_write_server_files"),
    ],
)
async def test_a_role_that_is_too_strong(
    server: PostgresServer, tmp_path: Path, granted: str, said: str
) -> None:
    server.psql(
        "create role between in role pg_execute_server_program",
        f"create role strong login password '{PASSWORD}' {granted}",
    )
    try:
        for use, more in (
            ("postgres.query", {"statement": "select 1"}),
            ("postgres.version", {}),
        ):
            with pytest.raises(ProbeError, match=f"strong {said}") as error:
                await look(use, dsn=server.dsn("strong"), **more)
            assert "docs/security.md" in error.value.__notes__[0]
    finally:
        server.psql("drop role strong", "drop role between")


async def test_a_role_that_was_changed_to_does_not_hide_the_other(
    server: PostgresServer,
) -> None:
    dsn = server.dsn("postgres", query="?options=-crole%3Dgonogo")
    with pytest.raises(ProbeError, match="too much for looking"):
        await look("postgres.version", dsn=dsn)


async def test_the_role_of_the_application_is_warned_of(server: PostgresServer) -> None:
    use = "postgres.privileges"
    seen = await look(use, dsn=server.dsn(), application="gonogo")
    assert "warning: this is the application's role too" in seen.evidence
    assert told(seen)["shared"] is True
    seen = await look(use, dsn=server.dsn(), application="postgres")
    assert "warning" not in seen.evidence and told(seen)["shared"] is False


async def test_much_is_cut_and_that_is_said(server: PostgresServer) -> None:
    many = "select n from generate_series(1, 5000) n"
    seen = await look("postgres.query", dsn=server.dsn(), statement=many)
    assert told(seen)["rows"] == 1000
    assert "there are more than 1,000 rows" in seen.evidence
    large = "select repeat('ä', 5000) as large, array['a', repeat('x', 5000)] as list"
    seen = await look("postgres.query", dsn=server.dsn(), statement=large)
    assert told(seen)["large"] == "ä" * 2048
    assert len(str(told(seen)["list"])) == 4096
    assert "large was cut to 4,096 bytes\nlist was cut" in seen.evidence


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("select PG_TERMINATE_BACKEND(1)", "calls pg_terminate_backend"),
        ('select "pg_terminate_backend" (1)', "calls pg_terminate_backend"),
        ("select pg_catalog.pg_terminate_backend/* ( */(1)", "calls pg_terminate"),
        ("select pg_terminate_backend--\n(1)", "calls pg_terminate_backend"),
        ("select /* /* */ ' */ pg_cancel_backend(1) /* ' */", "calls pg_cancel"),
        ("select $a$ $a$, pg_cancel_backend(1), '$a$'", "calls pg_cancel_backend"),
        (r"select E'\'', pg_cancel_backend(1), ''", "calls pg_cancel_backend"),
        (r"select '\', pg_cancel_backend(1), ''", "calls pg_cancel_backend"),
        ('select U&"pg\\005fcancel_backend"(1)', "has a name or text in U&"),
        ("select * from ts_stat('select 1')", "calls ts_stat"),
        ("select 1; commit", "is more than one"),
        ("select 1 /* never", "has a comment without an end"),
        ("with a as (delete from t returning n) select n from a", "writes"),
        ("with a as (select 1) insert into t select 1", "writes"),
        ("select n into t from u", "writes"),
        ("select n from t for no key update", "locks rows, FOR NO KEY UPDATE"),
        ("select n from t for -- \n share", "locks rows, FOR SHARE"),
        ("lock table t", "is no SELECT"),
        ("", "is no SELECT"),
    ],
)
def test_words_that_do_more_than_read(statement: str, said: str) -> None:
    assert said in (objection(statement) or "")


@pytest.mark.parametrize(
    "statement",
    [
        "select 'pg_terminate_backend(1); delete from t' as said;",
        "select pg_terminate_backend from t",
        "(select $$ for update $$ as n) union values (1)",
        "select substring('abc' for 2) as update, \"into\" from t -- delete; from",
        "with a as (select 1 as n) select * from a",
        "show server_version",
    ],
)
def test_words_that_only_look_like_it(statement: str) -> None:
    assert objection(statement) is None
