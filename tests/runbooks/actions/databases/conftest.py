"""A PostgreSQL server to act on, and sessions on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest

from runbooks.target import Target
from tests.runbooks.actions.databases.carrying_out import target_of
from tests.runbooks.probes.postgres_server import (
    PASSWORD,
    PostgresServer,
    postgres_server,
)

_ROLES = """
create role app login password '{p}'; create role watcher login password '{p}'
  in role pg_monitor; create role signaller login password '{p}'
  in role pg_monitor, pg_signal_backend; create role stranger login password '{p}'
"""


def with_roles(server: PostgresServer) -> PostgresServer:
    server.psql(*_ROLES.format(p=PASSWORD).split(";"))
    return server


@pytest.fixture(scope="session")
def database() -> Iterator[PostgresServer]:
    """A server with the roles app, watcher, signaller and stranger."""
    with postgres_server() as server:
        yield with_roles(server)


@pytest.fixture
def profile(tmp_path: Path) -> Callable[..., Target]:
    """Write a profile that leads to a server; its address is in a file."""

    def write(
        server: PostgresServer, user: str = "signaller", more: str = ""
    ) -> Target:
        (tmp_path / "dsn").write_text(server.dsn(user))
        text = f'[postgres]\ndsn = {{ file = "{tmp_path}/dsn" }}\n{more}\n'
        return target_of(tmp_path / "shop.toml", text)

    return write


class Sessions:
    """Sessions of others, opened by a test and closed after it."""

    def __init__(self) -> None:
        self._open: list[Any] = []
        self.running: list[asyncio.Task[Any]] = []

    async def open(
        self, server: PostgresServer, application: str = "api", user: str = "app"
    ) -> Any:
        connection = await asyncpg.connect(
            server.dsn(user).replace("+psycopg", ""),
            server_settings={"application_name": application},
        )
        self._open.append(connection)
        await connection.execute("select 1")
        return connection

    async def run(
        self, server: PostgresServer, connection: Any, statement: str
    ) -> asyncio.Task[Any]:
        """Start a statement and return once it runs."""
        task = asyncio.create_task(connection.execute(statement))
        self.running.append(task)
        asked = f"""select count(*) from pg_stat_activity where state = 'active'
          and pid = {connection.get_server_pid()} and query = $${statement}$$"""
        async with asyncio.timeout(60):
            while await asyncio.to_thread(server.psql, asked) != "1":
                await asyncio.sleep(0.02)
        return task

    async def close(self) -> None:
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)
        for connection in self._open:
            with suppress(Exception):
                await connection.close(timeout=1)
            connection.terminate()


@pytest.fixture
async def sessions() -> AsyncIterator[Sessions]:
    opened = Sessions()
    yield opened
    await opened.close()
