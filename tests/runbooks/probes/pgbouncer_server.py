"""A PgBouncer of our own, in front of a PostgreSQL of our own."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass

import asyncpg
import pytest

from runbooks.probes.base import Measurement
from runbooks.rehearsal.parts import as_nobody
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.postgres_server import PASSWORD, PostgresServer

CONSOLE_PASSWORD = "made-up-for-the-console"
SOON = "0.01s"
"""Between samples, where nothing has to happen meanwhile."""
_CONFIGURATION = """
[databases]
postgres = host=127.0.0.1 port={server} user=gonogo password={password}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir = {directory}
auth_file = {users}
stats_users = watcher
default_pool_size = 2
server_login_retry = 0.1
"""


@dataclass(frozen=True)
class PgBouncer:
    """A running pooler; nobody needs a password for its database, as by default.

    Attributes:
        process: which may be stopped.
    """

    port: int
    process: subprocess.Popen[bytes]

    @property
    def dsn(self) -> str:
        return f"postgresql+psycopg://gonogo@127.0.0.1:{self.port}/postgres"

    def console(
        self, user: str = "watcher", password: str = CONSOLE_PASSWORD, query: str = ""
    ) -> str:
        login = f"{user}:{password}" if password else user
        return f"postgresql://{login}@127.0.0.1:{self.port}/pgbouncer{query}"


@contextmanager
def pgbouncer(
    server: PostgresServer, *settings: str, auth: str = "any"
) -> Iterator[PgBouncer]:
    """Run PgBouncer with these lines in its configuration, or skip."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        said = "pgbouncer is not installed"
        pytest.fail(said) if os.environ.get("CI") == "true" else pytest.skip(said)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    users = server.directory / "users.txt"
    users.write_text(
        f'"gonogo" "{PASSWORD}"\n"watcher" "{CONSOLE_PASSWORD}"\n"stranger" "x"\n'
    )
    file = server.directory / "pgbouncer.ini"
    file.write_text(
        _CONFIGURATION.format(
            server=server.port,
            port=port,
            password=PASSWORD,
            directory=server.directory,
            users=users,
        )
        + "\n".join((f"auth_type = {auth}", *settings, ""))
    )
    for each in (users, file):
        each.chmod(0o644)
    process = subprocess.Popen(
        as_nobody((program, str(file))),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        yield PgBouncer(port, process)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


@asynccontextmanager
async def clients(pooler: PgBouncer, number: int) -> AsyncIterator[None]:
    """Keep so many clients, each with a connection of its own or waiting for one."""

    async def client() -> None:
        dsn = pooler.dsn.replace("+psycopg", "")
        connection = await asyncpg.connect(dsn, statement_cache_size=0)
        try:
            await connection.execute("select 1")
            await asyncio.Event().wait()
        finally:
            connection.terminate()

    tasks = [asyncio.create_task(client()) for _ in range(number)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(pooler: PgBouncer, name: str, wanted: int) -> Measurement:
    """Look until a reading is as wanted: clients come and go on their own time."""
    while True:
        seen = await look("pgbouncer", dsn=pooler.console(), every=SOON)
        if told(seen)[name] == wanted:
            return seen


def _wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        with closing(socket.socket()) as client:
            if not client.connect_ex(("127.0.0.1", port)):
                return
        assert time.monotonic() < deadline, "PgBouncer did not start"
        time.sleep(0.01)
