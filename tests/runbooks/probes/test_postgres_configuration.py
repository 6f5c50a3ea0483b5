"""Probes of version, settings and archiving against PostgreSQL 16 and 15."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement
from runbooks.results import Result
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.postgres_server import (
    PASSWORD,
    PostgresServer,
    judged,
    postgres_server,
)

ARCHIVE = "test ! -f '{directory}/block' && cp %p '{directory}/archive/%f'"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server("wal_level = replica", "archive_mode = on") as server:
        archive = server.directory / "archive"
        archive.mkdir(0o777)
        archive.chmod(0o777)
        command = ARCHIVE.format(directory=server.directory)
        quoted = command.replace("'", "''")
        server.psql(
            f"alter system set archive_command = '{quoted}'",
            "alter system set log_min_duration_statement = 1000",
            "alter system set shared_buffers = '5MB'",
            "create role watcher login password 'made-up-and-long' in role pg_monitor",
            "create role stranger login password 'made-up-and-long'",
            "select pg_reload_conf()",
        )
        yield server


@pytest.fixture(scope="module")
def older() -> Iterator[PostgresServer]:
    with postgres_server(debian=True) as server:
        yield server


async def archiving(
    server: PostgresServer, until: Callable[[dict[str, Any]], bool]
) -> tuple[Measurement, dict[str, Any]]:
    """Look until the archiver has come that far."""
    deadline = time.monotonic() + 60
    while True:
        seen = await look("postgres.archiving", dsn=server.dsn("watcher"))
        if until(told(seen)) or time.monotonic() > deadline:
            return seen, told(seen)
        time.sleep(0.05)


async def test_a_server_tells_its_version(server: PostgresServer) -> None:
    seen = await look("postgres.version", dsn=server.dsn(), newest={"16": 99})
    said = told(seen)
    assert (said["answers"], said["major"], said["database"]) == (True, 16, "postgres")
    assert said["version"] == f"16.{said['minor']}"
    assert said["behind"] == 99 - int(str(said["minor"]))
    assert (said["host"], said["address"]) == ("127.0.0.1", "127.0.0.1")
    assert said["encrypted"] is False and "tls" not in said
    assert said["standby"] is False and int(str(said["size"])) > 2**20
    assert "asked as gonogo, no superuser, reads all statistics" in seen.evidence
    assert PASSWORD not in seen.evidence


async def test_an_old_version_fails(older: PostgresServer, tmp_path: Path) -> None:
    bounds = {"major": {"pass": [16, 17, 18], "warn": ">= 16"}}
    finding = await judged(tmp_path, older, "postgres.version", bounds)
    assert (finding.result, finding.reason) == (
        Result.FAIL,
        "major 15, not 16 or 17 or 18",
    )
    asked = {"behind": {"pass": ["<= 2", "absent"], "warn": "present"}}
    finding = await judged(tmp_path, older, "postgres.version", asked)
    assert finding.result is Result.PASS
    finding = await judged(
        tmp_path, older, "postgres.version", asked, newest={"15": 400}
    )
    assert finding.result is Result.WARN


async def test_settings_have_units_and_a_source(server: PostgresServer) -> None:
    names = ("log_min_duration_statement", "shared_buffers", "autovacuum", "no_such")
    seen = await look("postgres.settings", dsn=server.dsn(), names=names)
    said = told(seen)
    assert said["log_min_duration_statement"] == "1s"
    assert said["log_min_duration_statement.seconds"] == 1.0
    assert said["log_min_duration_statement.number"] == 1000
    assert said["log_min_duration_statement.source"] == "configuration file"
    assert said["shared_buffers.bytes"] == 4 * 2**20
    assert said["shared_buffers.pending"] is True
    assert (said["pending"], said["missing"]) == ("shared_buffers", "no_such")
    assert said["autovacuum.on"] is True
    assert "postgresql.auto.conf" in seen.evidence
    assert "a restart is due" in seen.evidence


async def test_what_is_switched_off_has_no_length(older: PostgresServer) -> None:
    name = "log_min_duration_statement"
    seen = await look("postgres.settings", dsn=older.dsn(), names=[name])
    assert told(seen)[f"{name}.number"] == -1
    assert f"{name}.seconds" not in told(seen)


async def test_commands_may_hold_logins(server: PostgresServer) -> None:
    names = ["archive_command", "restore_command"]
    seen = await look("postgres.settings", dsn=server.dsn(), names=names)
    assert told(seen)["archive_command"] == "set"
    assert "restore_command" not in told(seen)
    assert "test !" not in seen.evidence


async def test_archiving_that_works_fails_and_recovers(server: PostgresServer) -> None:
    (server.directory / "block").touch()
    server.psql("create table if not exists t ()", "select pg_switch_wal()")
    seen, said = await archiving(server, lambda said: bool(said["failed"]))
    assert (said["enabled"], said["by"], said["failing"]) == (True, "command", True)
    assert int(said["waiting"]) >= 1 and "age" not in said
    assert seen.lacking["age"] == "no segment was archived yet"
    assert "test !" not in seen.evidence
    (server.directory / "block").unlink()
    seen, said = await archiving(server, lambda said: not said["failing"])
    assert 0 <= said["age"] < 60 and said["exposure"] == said["age"]
    assert said["archived"] >= 1 and said["timeout"] == 0
    assert (said["wal_level"], said["mode"]) == ("replica", "on")


async def test_archiving_that_is_off(older: PostgresServer, tmp_path: Path) -> None:
    seen = await look("postgres.archiving", dsn=older.dsn(), rpo="15m")
    said = told(seen)
    assert (said["enabled"], said["mode"], said["rpo"]) == (False, "off", 900)
    assert "by" not in said and "exposure" not in said
    older.psql("alter system set archive_mode = on", "select pg_reload_conf()")
    bounds = {"enabled": True, "pending": "absent"}
    finding = await judged(tmp_path, older, "postgres.archiving", bounds)
    assert finding.result is Result.FAIL
    assert finding.reason == "enabled: no, pending: archive_mode"


async def test_who_may_not_see_what_waits(server: PostgresServer) -> None:
    seen = await look("postgres.archiving", dsn=server.dsn("stranger"))
    assert seen.reading("waiting") is None
    assert "pg_monitor" in seen.lacking["waiting"]
    assert "asked as stranger, no superuser, not in pg_monitor" in seen.evidence


@pytest.mark.parametrize("use", ["version", "settings", "archiving"])
async def test_a_server_that_is_down(closed_port: int, use: str) -> None:
    dsn = f"postgresql://u:{PASSWORD}@127.0.0.1:{closed_port}/db"
    names = {"names": ["autovacuum"]} if use == "settings" else {}
    with pytest.raises(ProbeError, match="refused the connection") as error:
        await look(f"postgres.{use}", dsn=dsn, **names)
    assert (error.value.stage, PASSWORD in str(error.value)) == ("tcp", False)
