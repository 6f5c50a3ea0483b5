"""The shipped runbook's step on connection pooling, against a real PgBouncer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runbooks.results import Finding
from tests.runbooks.probes.pgbouncer_server import (
    CONSOLE_PASSWORD,
    PgBouncer,
    clients,
    pgbouncer,
    until,
)
from tests.runbooks.probes.postgres_server import (
    PASSWORD,
    PostgresServer,
    postgres_server,
)
from tests.runbooks.production_steps import find


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server("max_connections = 100") as server:
        yield server


async def found(
    tmp_path: Path, postgres: str, application: str = "", console: str = "", **said: Any
) -> Finding:
    """Return what the step says of these addresses.

    Args:
        application: that API and worker use.
        said: more of the profile's table [postgres].
    """
    tables: dict[str, Any] = {}
    for name, dsn in (("postgres", postgres), ("pgbouncer", console)):
        if dsn:
            file = tmp_path / name
            file.write_text(dsn)
            tables[name] = {"dsn.file": str(file)}
    tables["postgres"].update(said)
    if application:
        file = tmp_path / "app.env"
        file.write_text(f"DATABASE_URL={application}\n")
        tables["settings"] = {"env_file": str(file)}
    finding = await find("database.pooling", {"pooler": bool(console)}, **tables)
    for secret in (PASSWORD, CONSOLE_PASSWORD):
        assert secret not in str(finding)
    return finding


async def pooled(tmp_path: Path, server: PostgresServer, pooler: PgBouncer) -> Finding:
    """Return what the step says while a client is connected."""
    async with clients(pooler, 1):
        await until(pooler, "clients", 1)
        return await found(tmp_path, server.dsn(), pooler.dsn, pooler.console())


@pytest.mark.parametrize(
    ("lines", "result", "reason"),
    [
        ((), "pass", ""),
        (("pool_mode = transaction",), "warn", "keeps_prepared: no"),
        (("pool_mode = statement",), "fail", "mode has statement"),
        (("default_pool_size = 80",), "pass", ""),
        (("default_pool_size = 90",), "warn", "(90)"),
        (("default_pool_size = 90", "reserve_pool_size = 20"), "fail", "(110)"),
        (("default_pool_size = 200", "max_db_connections = 50"), "pass", ""),
    ],
)
async def test_a_pooler_by_its_configuration(
    server: PostgresServer,
    tmp_path: Path,
    lines: tuple[str, ...],
    result: str,
    reason: str,
) -> None:
    with pgbouncer(server, *lines) as pooler:
        finding = await pooled(tmp_path, server, pooler)
    assert (str(finding.result), reason in finding.reason) == (result, True), finding


async def test_a_pooler_by_who_uses_it(server: PostgresServer, tmp_path: Path) -> None:
    with pgbouncer(server) as pooler:
        direct, console = server.dsn(), pooler.console()
        async with clients(pooler, 4):
            await until(pooler, "waiting", 3)
            finding = await found(tmp_path, direct, pooler.dsn, console)
        assert str(finding.result) == "fail"
        assert "waiting 3" in finding.reason
        async with clients(pooler, 1):
            await until(pooler, "clients", 1)
            finding = await found(tmp_path, direct, direct, console)
        assert str(finding.result) == "warn"
        assert "DATABASE_URL.port" in finding.reason
        assert "[pooler.port]" in finding.reason
    with pgbouncer(server) as pooler:
        finding = await found(tmp_path, direct, pooler.dsn, pooler.console())
        assert str(finding.result) == "fail"
        assert "clients 0" in finding.reason


async def test_what_cannot_be_looked_at(
    server: PostgresServer, tmp_path: Path, closed_port: int
) -> None:
    nowhere = f"postgresql://postgres@127.0.0.1:{closed_port}"
    with pgbouncer(server, auth="scram-sha-256") as pooler:
        wrong = pooler.console(password="wrong-and-long")
        finding = await found(tmp_path, server.dsn(), pooler.dsn, wrong)
        assert str(finding.result) == "unknown"
        assert "refused the login" in finding.reason
    with pgbouncer(server) as pooler:
        async with clients(pooler, 1):
            finding = await found(tmp_path, nowhere, pooler.dsn, pooler.console())
        assert str(finding.result) == "unknown"
        assert finding.source.startswith("postgres ")
    finding = await found(tmp_path, server.dsn(), f"{nowhere}/postgres", nowhere)
    assert str(finding.result) == "fail"
    assert "refused the connection" in finding.reason


@pytest.mark.parametrize(
    ("processes", "result", "reason"),
    [(4, "warn", "demand: 60"), (5, "fail", "demand"), (7, "fail", "demand")],
)
async def test_without_a_pooler_the_demand_decides(
    server: PostgresServer, tmp_path: Path, processes: int, result: str, reason: str
) -> None:
    finding = await found(tmp_path, server.dsn(), processes=processes)
    assert (str(finding.result), reason in finding.reason) == (result, True), finding


async def test_without_a_pooler_somebody_has_to_say_the_demand(
    server: PostgresServer, tmp_path: Path
) -> None:
    finding = await found(tmp_path, server.dsn())
    assert str(finding.result) == "unknown"
    assert "nobody said how many processes" in finding.reason
