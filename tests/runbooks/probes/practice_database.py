"""The practice deployment's database, copied for each test that changes it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import runbooks.rehearsal
from tests.runbooks.probes.postgres_server import (
    PASSWORD,
    PostgresServer,
    postgres_server,
)

JOB = "00000000-0000-4000-8000-000000000101"
VIDEO = "00000000-0000-4000-8000-000000000201"
_SCRIPTS = Path(runbooks.rehearsal.__file__).parent
_TEMPLATE = "practice"
Copy = Callable[..., str]
"""Copies the database, runs these statements in it, and returns its address."""


@contextmanager
def practice_database(
    *settings: str, debian: bool = False
) -> Iterator[tuple[PostgresServer, Copy]]:
    """Run a server with the rehearsal's schema and rows."""
    settings = ("max_connections = 100", *settings)
    with postgres_server(*settings, debian=debian) as server:
        server.psql("create role transcript", f"create database {_TEMPLATE}")
        _psql(server, _TEMPLATE, "-f", _SCRIPTS / "schema.sql")
        _psql(server, _TEMPLATE, "-f", _SCRIPTS / "rows.sql")
        numbers = count()

        def copy(*statements: str) -> str:
            name = f"{_TEMPLATE}_{next(numbers)}"
            server.psql(f"create database {name} template {_TEMPLATE}")
            for statement in statements:
                _psql(server, name, "-c", statement)
            return server.dsn().removesuffix("/postgres") + f"/{name}"

        yield server, copy


def _psql(server: PostgresServer, database: str, *words: str | Path) -> None:
    environment = {
        **os.environ,
        "PGPASSWORD": PASSWORD,
        "REHEARSAL_API_KEY_HASH": "0" * 64,
        "REHEARSAL_API_KEY_PREFIX": "tc_practice",
        "REHEARSAL_SESSION_TOKEN": "made-up-session",
    }
    address = ["-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres", database]
    command = [server.programs / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1"]
    done = subprocess.run(
        [*command, *words, *address], env=environment, capture_output=True, text=True
    )
    assert not done.returncode, done.stderr
