"""Systems to act on: compose projects on a Docker Engine, and a PostgreSQL server."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest

from runbooks.target import Target
from tests.runbooks.actions.carrying_out import target_of
from tests.runbooks.actions.docker_project import Project
from tests.runbooks.actions.engine_proxy import EngineProxy, engine_proxy
from tests.runbooks.probes.docker_engine import DockerEngine, running_engine
from tests.runbooks.probes.postgres_server import (
    PASSWORD,
    PostgresServer,
    postgres_server,
)


@pytest.fixture(scope="session")
def engine() -> Iterator[DockerEngine]:
    """A Docker Engine without containers; tests leave it so."""
    with running_engine() as engine:
        yield engine


@pytest.fixture
def project(engine: DockerEngine, tmp_path: Path) -> Iterator[Project]:
    """A compose project without containers yet."""
    project = Project(engine, tmp_path)
    yield project
    project.remove()


@pytest.fixture
def proxy(project: Project) -> Iterator[EngineProxy]:
    """What the project's profile leads to instead of the Engine itself."""
    # Short, because the path of a socket has room for 107 characters.
    with (
        tempfile.TemporaryDirectory(prefix="proxy-", dir="/tmp") as directory,
        engine_proxy(Path(directory), project.engine.socket) as proxy,
    ):
        project.lead_to(proxy.url)
        yield proxy


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
        async with asyncio.timeout(20):
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
