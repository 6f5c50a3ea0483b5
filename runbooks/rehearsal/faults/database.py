"""Faults of the database, of its sessions, and of the queue that it holds."""

from __future__ import annotations

import asyncio
from pathlib import Path

from runbooks.rehearsal import database
from runbooks.rehearsal.deployment import Deployment
from runbooks.rehearsal.faults.culprits import (
    IDLING,
    LEAKING,
    LOCKING,
    PILE,
    STUCK_JOB,
)
from runbooks.rehearsal.faults.fault import Fault
from runbooks.rehearsal.faults.settling import refresh, until

WAITING = 60
"""Videos in the queue that is stuck."""
_BEFORE_HEAD = "20260605_run_scopes"
_NOBODY_ELSE = f"""
  with others as (
    select pg_terminate_backend(pid) from pg_stat_activity
    where usename = '{database.APPLICATION}' and application_name <> '{LEAKING}')
  select (select count(*) from others) = 0 and count(*) >=
    current_setting('max_connections')::int
    - current_setting('superuser_reserved_connections')::int
    - current_setting('reserved_connections')::int
  from pg_stat_activity where application_name = '{LEAKING}'
"""
_JOB = f"""
  insert into jobs (id, user_id, kind, input_url, created_at, updated_at)
  select '{STUCK_JOB}', id, 'channel', 'https://www.youtube.com/@rehearsal',
    now() - interval '2 hours', now() - interval '2 hours'
  from users order by created_at limit 1
"""
_VIDEOS = f"""
  insert into videos (job_id, youtube_id, idx, title, created_at, updated_at)
  select '{STUCK_JOB}', 'waiting' || n, n, 'Waiting ' || n,
    now() - interval '2 hours', now() - interval '2 hours'
  from generate_series(1, {WAITING}) n
"""
_NEW_SEGMENT = ("select pg_create_restore_point('fault')", "select pg_switch_wal()")
_IS_FAILING = (
    "select last_failed_time > last_archived_time or last_archived_time is null "
    "from pg_stat_archiver where failed_count > 0"
)


def ask(deployment: Deployment, *statements: str) -> str:
    """Run statements as superuser, one after the other, and return what they print.

    Raises:
        CommandError: one failed.
    """
    arguments = [word for statement in statements for word in ("-c", statement)]
    answer = asyncio.run(database.query(deployment.layout, *arguments))
    return answer.decode().strip()


def stop(deployment: Deployment, kept: Path) -> None:
    deployment.stop_part("postgres")


def start(deployment: Deployment, kept: Path) -> None:
    deployment.start_part("postgres")
    refresh(deployment)


def exhaust(deployment: Deployment, kept: Path) -> None:
    """Let one client take all connections, those of the application included."""
    deployment.start_part(LEAKING)
    until(
        lambda: ask(deployment, _NOBODY_ELSE) == "t",
        "The application holds on to its connections.",
    )


def give_back(deployment: Deployment, kept: Path) -> None:
    deployment.stop_part(LEAKING)
    refresh(deployment)


def pile_up(deployment: Deployment, kept: Path) -> None:
    deployment.start_part(IDLING)


def clear_pile(deployment: Deployment, kept: Path) -> None:
    deployment.stop_part(IDLING)


def migrate_back(deployment: Deployment, kept: Path) -> None:
    head = ask(deployment, "select version_num from alembic_version")
    (kept / "head").write_text(head)
    ask(deployment, f"update alembic_version set version_num = '{_BEFORE_HEAD}'")


def migrate(deployment: Deployment, kept: Path) -> None:
    if (kept / "head").exists():
        head = (kept / "head").read_text()
        ask(deployment, f"update alembic_version set version_num = '{head}'")


def break_archiving(deployment: Deployment, kept: Path) -> None:
    """Let the archiver write where there is no directory."""
    gone = deployment.layout.path("backups", "wal_archive.old")
    command = f"gzip < %p > {gone}/%f.gz"
    ask(
        deployment,
        f"alter system set archive_command = '{command}'",
        "select pg_reload_conf()",
    )
    until(
        lambda: ask(deployment, *_NEW_SEGMENT, _IS_FAILING).endswith("\nt"),
        "The archiver does not fail.",
    )


def mend_archiving(deployment: Deployment, kept: Path) -> None:
    """Archive again, and count from then on."""
    ask(
        deployment,
        "alter system reset archive_command",
        "select pg_reload_conf()",
    )
    until(
        lambda: ask(deployment, *_NEW_SEGMENT, _IS_FAILING).endswith("\nf"),
        "The archiver does not archive again.",
    )
    ask(deployment, "select pg_stat_reset_shared('archiver')")
    archived = "select archived_count > 0 from pg_stat_archiver"
    until(
        lambda: ask(deployment, *_NEW_SEGMENT, archived).endswith("\nt"),
        "The archiver does not archive again.",
    )


def block_queue(deployment: Deployment, kept: Path) -> None:
    """Lock a job before its videos are there, so that the worker takes none."""
    ask(deployment, _JOB)
    deployment.start_part(LOCKING)
    ask(deployment, _VIDEOS)


def free_queue(deployment: Deployment, kept: Path) -> None:
    """Take the videos away before the lock, so that the worker takes none."""
    ask(deployment, f"delete from videos where job_id = '{STUCK_JOB}'")
    deployment.stop_part(LOCKING)
    ask(deployment, f"delete from jobs where id = '{STUCK_JOB}'")


PLACE = "database"
FAULTS = (
    Fault("database-stopped", "PostgreSQL is stopped.", PLACE, stop, start),
    Fault(
        "connections-exhausted",
        "A client holds all connections that PostgreSQL allows, and nobody gets in.",
        PLACE,
        exhaust,
        give_back,
    ),
    Fault(
        "idle-in-transaction-pile",
        f"{PILE} sessions have begun a transaction and do nothing more.",
        PLACE,
        pile_up,
        clear_pile,
    ),
    Fault(
        "migration-head-missing",
        f"The newest migration is not applied: the schema says {_BEFORE_HEAD}.",
        PLACE,
        migrate_back,
        migrate,
    ),
    Fault(
        "archiver-failing",
        "WAL is to be archived into a directory that is not there.",
        PLACE,
        break_archiving,
        mend_archiving,
    ),
    Fault(
        "queue-stuck",
        f"A forgotten session locks a job, and its {WAITING} videos wait.",
        PLACE,
        block_queue,
        free_queue,
        needs=("worker",),
    ),
)
