"""The probe of PgBouncer against a real one, and against one that says it is newer."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runbooks.errors import ProbeError
from runbooks.model import Step
from runbooks.results import Finding, Result
from runbooks.runner import Runner
from runbooks.tables import ProbeSpec, StepOptions
from runbooks.target import parse
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.pgbouncer_console import Tables, console
from tests.runbooks.probes.pgbouncer_server import (
    CONSOLE_PASSWORD,
    SOON,
    PgBouncer,
    clients,
    pgbouncer,
    until,
)
from tests.runbooks.probes.postgres_server import PostgresServer, postgres_server
from tests.torture.rude_databases import POSTGRES, answering


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module")
def pooler(server: PostgresServer) -> Iterator[PgBouncer]:
    """One in session mode, with two connections to share."""
    with pgbouncer(server) as pooler:
        yield pooler


async def judged(tmp_path: Path, dsn: str, **expect: Any) -> Finding:
    file = tmp_path / "dsn"
    file.write_text(dsn)
    text = f'[pgbouncer]\ndsn = {{ file = "{file}" }}\n'
    profile = parse(text.encode(), tmp_path / "p.toml")
    options = StepOptions(probe=ProbeSpec("pgbouncer", expect, {"every": SOON}))
    return await Runner(profile).probe(Step("s", "s", "", 1, False, 0, "", options))


async def test_what_it_says_of_itself(pooler: PgBouncer) -> None:
    async with clients(pooler, 2):
        seen = await until(pooler, "servers", 2)
    said = told(seen)
    assert said.pop("version").startswith("1.")
    assert said.pop("queries") >= 0
    assert said == {
        "answers": True,
        "host": "127.0.0.1",
        "port": pooler.port,
        "mode": "session",
        "keeps_prepared": True,
        "clients": 2,
        "waiting": 0,
        "longest": 0.0,
        "servers": 2,
        "most": 2,
        "max_clients": 100,
    }
    assert "postgres for gonogo, session mode: 2 clients" in seen.evidence
    assert CONSOLE_PASSWORD not in seen.evidence


async def test_more_clients_than_connections_wait(
    pooler: PgBouncer, tmp_path: Path
) -> None:
    bounds = {"waiting": {"pass": 0, "warn": "<= 2"}, "longest": "> 0 s"}
    async with clients(pooler, 4):
        await until(pooler, "waiting", 3)
        found = await judged(tmp_path, pooler.console(), **bounds)
    assert found.result is Result.FAIL
    assert found.reason == "waiting 3, not 0"
    assert "samples, 0.01 s apart: 2, 2, 2" in found.evidence


@pytest.mark.parametrize("auth", ["plain", "md5", "scram-sha-256"])
async def test_every_kind_of_login(
    server: PostgresServer, auth: str, tmp_path: Path
) -> None:
    with pgbouncer(server, auth=auth) as pooler:
        found = await judged(tmp_path, pooler.console(), answers=True)
        assert found.result is Result.PASS, found
        for user, password in (("watcher", "wrong"), ("stranger", "x"), ("nobody", "")):
            found = await judged(tmp_path, pooler.console(user, password), answers=True)
            assert found.result is Result.UNKNOWN
            assert "refused the login" in found.reason
            assert "stats_users" in found.evidence


async def test_by_a_socket(server: PostgresServer) -> None:
    with pgbouncer(server) as pooler:
        where = f"host={server.directory} port={pooler.port} dbname=pgbouncer"
        seen = await look("pgbouncer", dsn=f"{where} user=watcher", every=SOON)
        assert told(seen)["host"] == str(server.directory)
        with pytest.raises(ProbeError, match="there is no socket") as error:
            await look("pgbouncer", dsn="host=/nowhere user=watcher")
        assert error.value.stage == "tcp"


@pytest.mark.parametrize(
    ("lines", "mode", "keeps"),
    [
        (("pool_mode = transaction",), "transaction", False),
        (("pool_mode = statement",), "statement", False),
        (("pool_mode = session",), "session", True),
    ],
)
async def test_modes_of_a_version_that_loses_prepared_statements(
    server: PostgresServer, lines: tuple[str, ...], mode: str, keeps: bool
) -> None:
    with pgbouncer(server, *lines) as pooler:
        said = told(await look("pgbouncer", dsn=pooler.console(), every=SOON))
    assert (said["mode"], said["keeps_prepared"]) == (mode, keeps)


async def test_what_cannot_be_reached(
    pooler: PgBouncer, closed_port: int, tmp_path: Path
) -> None:
    for dsn, result, reason in (
        (f"postgresql://127.0.0.1:{closed_port}", "fail", "refused the connection"),
        ("postgresql://pooler.invalid/pgbouncer", "fail", "has no address"),
        (pooler.console(query="?sslmode=require"), "fail", "does without TLS"),
        (pooler.dsn, "unknown", "names the database postgres"),
        ("mysql://127.0.0.1", "unknown", "no postgresql:// URL"),
    ):
        found = await judged(tmp_path, dsn, answers=True)
        assert (str(found.result), reason in found.reason) == (result, True), found
        assert CONSOLE_PASSWORD not in str(found)


async def test_tls_is_checked_against_the_authorities(
    server: PostgresServer, practice: Any
) -> None:
    tls = practice.directory / "tls"
    for name in ("server.pem", "server.key"):
        (server.directory / name).write_bytes((tls / name).read_bytes())
        (server.directory / name).chmod(0o644)
    lines = (
        "client_tls_sslmode = require",
        f"client_tls_key_file = {server.directory / 'server.key'}",
        f"client_tls_cert_file = {server.directory / 'server.pem'}",
    )
    with pgbouncer(server, *lines) as pooler:
        named = pooler.console().replace("127.0.0.1", "localhost")
        trusting = {"dsn": named, "ca": str(tls / "ca.pem"), "every": SOON}
        assert told(await look("pgbouncer", **trusting))["answers"]
        for query in ("", "?sslmode=require"):
            seen = await look("pgbouncer", dsn=pooler.console(query=query), every=SOON)
            assert told(seen)["answers"]
        with pytest.raises(ProbeError) as error:
            await look("pgbouncer", dsn=f"{named}?sslmode=verify-full")
        assert error.value.stage == "tls"
        with pytest.raises(ProbeError) as error:
            await look("pgbouncer", dsn=pooler.console(query="?sslmode=disable"))
        assert error.value.stage == "login"


async def test_one_that_hangs_is_given_up(server: PostgresServer) -> None:
    with pgbouncer(server) as pooler:
        pooler.process.send_signal(signal.SIGSTOP)
        with pytest.raises(ProbeError) as error:
            await look("pgbouncer", dsn=pooler.console(), timeout="0.2s")
    assert error.value.stage == "timeout"


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"N\0\0", b"R" * 64]
)
async def test_what_is_no_pooler(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def reply() -> None:
            client, _ = listening.accept()
            with client:
                client.recv(8)
                client.sendall(answer)

        thread = threading.Thread(target=reply)
        thread.start()
        port = listening.getsockname()[1]
        with pytest.raises(ProbeError) as error:
            await look("pgbouncer", dsn=f"postgresql://a:b@127.0.0.1:{port}")
        thread.join()
    assert error.value.stage in ("tcp", "query")


def newer(prepared: int = 200, **more: Any) -> Tables:
    """Return what 1.25 says, by its documentation, with two users of one database."""
    idle = dict.fromkeys(("sv_idle", "sv_used", "sv_tested", "sv_login"), 0)
    row = {
        **{"database": "app", "user": "api", "cl_active": 3, "cl_waiting": 0},
        **{"cl_active_cancel_req": 0, "cl_waiting_cancel_req": 0, "sv_active": 2},
        **{"sv_active_cancel": 0, "sv_being_canceled": 0, **idle, "maxwait": 0},
        **{"maxwait_us": 0, "pool_mode": "transaction", "load_balance_hosts": None},
    }
    own = {**row, "database": "pgbouncer", "pool_mode": "statement"}
    database = {
        **{"name": "app", "host": "db", "port": 5432, "database": "app"},
        **{"force_user": None, "pool_size": 20, "min_pool_size": 0},
        **{"reserve_pool_size": 5, "server_lifetime": 3600, "pool_mode": None},
        **{"load_balance_hosts": None, "max_connections": 0},
        **{"current_connections": 2, "max_client_connections": 0},
        **{"current_client_connections": 3, "paused": 0, "disabled": 0, **more},
    }
    settings = {
        "max_client_conn": 1000,
        "max_prepared_statements": prepared,
        "pool_mode": "transaction",
    }
    return {
        "SHOW VERSION": [{"version": "PgBouncer 1.25.1"}],
        "SHOW CONFIG": [
            {"key": key, "value": value, "default": None, "changeable": "yes"}
            for key, value in settings.items()
        ],
        "SHOW DATABASES": [database],
        "SHOW STATS": [{"database": "app", "avg_query_count": 7}],
        "SHOW POOLS": [row, {**row, "user": "worker"}, own],
    }


@pytest.mark.parametrize(("prepared", "keeps"), [(200, True), (0, False)])
async def test_a_newer_one_keeps_prepared_statements(
    prepared: int, keeps: bool
) -> None:
    with console(newer(prepared)) as port:
        dsn = f"postgresql://watcher@127.0.0.1:{port}/pgbouncer"
        said = told(await look("pgbouncer", dsn=dsn, every=SOON))
    assert said["version"] == "1.25.1"
    assert said["mode"] == "transaction"
    assert said["keeps_prepared"] is keeps
    assert (said["most"], said["clients"], said["queries"]) == (50, 6, 7)


async def test_a_mode_of_one_user_counts() -> None:
    tables = newer(prepared=0)
    first, *others = tables["SHOW POOLS"]
    pools = [{**first, "pool_mode": "session"}, *others]
    with console({**tables, "SHOW POOLS": pools}) as port:
        dsn = f"postgresql://watcher@127.0.0.1:{port}/pgbouncer"
        said = told(await look("pgbouncer", dsn=dsn, every=SOON))
    assert said["mode"] == "session, transaction"
    assert said["keeps_prepared"] is False


async def test_a_limit_of_the_database_counts() -> None:
    with console(newer(max_connections=30)) as port:
        dsn = f"postgresql://watcher@127.0.0.1:{port}/pgbouncer"
        assert told(await look("pgbouncer", dsn=dsn, every=SOON))["most"] == 30


async def test_a_password_that_comes_back_is_not_told(tmp_path: Path) -> None:
    tables = newer()
    pools = [{**row, "user": CONSOLE_PASSWORD} for row in tables["SHOW POOLS"]]
    with console({**tables, "SHOW POOLS": pools}) as port:
        where = f"host=127.0.0.1 port={port} dbname=pgbouncer"
        dsn = f"{where} user=watcher password={CONSOLE_PASSWORD}"
        found = await judged(tmp_path, dsn, answers=True)
    assert "app for [redacted]" in found.evidence
    assert CONSOLE_PASSWORD not in str(found)


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("SHOW VERSION", []),
        ("SHOW VERSION", [{"version": "pgcat"}]),
        ("SHOW CONFIG", [{"key": "pool_mode", "value": "session"}]),
        ("SHOW POOLS", [{"database": "app", "user": "api"}]),
    ],
)
async def test_tables_of_something_else(table: str, rows: Any) -> None:
    with console({**newer(), table: rows}) as port:
        dsn = f"postgresql://watcher@127.0.0.1:{port}/pgbouncer"
        with pytest.raises(ProbeError, match="does not say what PgBouncer says"):
            await look("pgbouncer", dsn=dsn, every=SOON)


async def test_looking_without_samples_is_refused() -> None:
    with pytest.raises(ProbeError, match="nothing would be looked at"):
        await look("pgbouncer", dsn="postgresql://127.0.0.1/pgbouncer", samples=0)


async def test_no_more_than_so_much_is_read() -> None:
    with (
        answering(POSTGRES["a message of 2 GB"]) as port,
        pytest.raises(ProbeError) as error,
    ):
        dsn = f"postgresql://a:b@127.0.0.1:{port}/pgbouncer?sslmode=disable"
        await look("pgbouncer", dsn=dsn)
    assert "gave no answer that PgBouncer gives" in str(error.value)
