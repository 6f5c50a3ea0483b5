"""Making a backup of a real PostgreSQL 16 with pg_dump, and reading what came of it."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest

from runbooks.actions.performing import DONE, FAILED, REFUSED, UNKNOWN
from runbooks.errors import ProbeError
from runbooks.target import Target
from tests.runbooks.actions.databases.carrying_out import (
    Performing,
    performed,
    target_of,
    wished,
)
from tests.runbooks.probes.postgres_server import PASSWORD, PostgresServer

USE = "backups.run_now"
SCRIPT = """\
set -euo pipefail
echo "dumping $DATABASE_URL into $BACKUP_DIR"
name=transcripts_daily_$(date +%Y%m%d_%H%M%S).sql.gz
cd "$BACKUP_DIR/daily"
{dump}
sha256sum "$name" > "$name.sha256"
find . -name 'transcripts_*' -mtime +7 -delete
echo "Backup Completed Successfully"
"""
WHOLE = 'pg_dump --clean --if-exists "$DATABASE_URL" | gzip > "$name"'


class Place:
    """A directory of backups, the profile that names it, and its backup command."""

    def __init__(self, directory: Path, server: PostgresServer) -> None:
        self.directory = directory
        self.daily = directory / "backups" / "daily"
        self.daily.mkdir(parents=True)
        self._server = server

    def old(self, days: int) -> Path:
        """Lay a dump there that was made so many days ago."""
        then = time.time() - days * 86_400
        stamp = time.strftime("%Y%m%d_020000", time.localtime(then))
        path = self.daily / f"transcripts_daily_{stamp}.sql.gz"
        path.write_bytes(b"old")
        sums = path.with_name(f"{path.name}.sha256")
        sums.write_text("old")
        os.utime(path, (then, then))
        os.utime(sums, (then + 1, then + 1))
        return path

    def target(self, dump: str = WHOLE, *, command: str = "", more: str = "") -> Target:
        script = self.directory / "backup_db.sh"
        script.write_text(SCRIPT.format(dump=dump))
        dsn = self._server.dsn().replace("+psycopg", "")
        (self.directory / "dsn").write_text(dsn)
        line = command or f"bash {script}"
        path = f"{self._server.programs}:{os.environ['PATH']}"
        return target_of(
            self.directory / "shop.toml",
            f"""
            [backups]
            directory = "{self.directory}/backups"
            command = '''{line}'''
            {more}
            [backups.environment]
            DATABASE_URL = {{ file = "{self.directory}/dsn" }}
            BACKUP_DIR = "{self.directory}/backups"
            PATH = "{path}"
            """,
        )

    @property
    def dumps(self) -> list[str]:
        return sorted(path.name for path in self.daily.glob("*.sql.gz"))


@pytest.fixture
def place(tmp_path: Path, database: PostgresServer) -> Place:
    return Place(tmp_path, database)


async def test_a_backup_is_made_read_and_can_be_taken_back(
    place: Place, tmp_path: Path
) -> None:
    kept, old = place.old(1), place.old(9)
    target = place.target()
    wish = await wished(target, USE)
    said = wish.description
    assert not said.unmet
    assert said.calls[0].text == f"bash {tmp_path}/backup_db.sh"
    assert said.calls[0].body == "with BACKUP_DIR, DATABASE_URL, PATH"
    pruned = said.changes[1]
    assert (pruned.what, pruned.before) == (f"daily/{old.name}", "there")
    assert "keeps 7 daily" in pruned.after and len(said.changes) == 2
    assert "pruned is gone" in said.point_of_no_return or "is gone" in str(said)
    performing = Performing(wish, target, tmp_path)
    ended = await performing.ended()
    assert ended.code == DONE, ended.says + performing.printed
    assert "Backup Completed Successfully" in performing.printed
    assert "plain SQL" in performing.printed and "whole, checksum" in performing.printed
    assert f"pruned: {old.name}" in performing.printed
    (new,) = set(place.dumps) - {kept.name}
    assert ended.after == {"dumps": "2", "newest": new}
    assert PASSWORD not in performing.printed + performing.written + str(said)
    subprocess.run(shlex.split(said.undo.command), check=True)
    assert place.dumps == [kept.name]
    assert kept.with_name(f"{kept.name}.sha256").exists()


@pytest.mark.parametrize(
    ("dump", "said"),
    [
        ('pg_dump --host=/nowhere > "$name"', "ended with exit code 1"),
        (f'{WHOLE}; truncate -s -20 "$name"', "ends in the middle of its gzip stream"),
        (
            'pg_dump "$DATABASE_URL" | head -c 400 | gzip > "$name" || true',
            "lacks the last line of a complete dump",
        ),
        ('echo "no such host" | gzip > "$name"', "holds no dump of PostgreSQL"),
        (f'{WHOLE}; echo {"0" * 64}  x > "$name.sha256"; exit 0', "is about x"),
        ("exit 0", "no new dump lies in"),
        ('pg_dump -Fc "$DATABASE_URL" > "$name"; exit 0', "nothing shows that"),
        (
            f"{WHOLE}; touch -d '3 days ago' \"$name\"; exit 0",
            "before the command ran",
        ),
    ],
)
async def test_what_is_no_backup_is_told(
    place: Place, tmp_path: Path, dump: str, said: str
) -> None:
    kept, target = place.old(1), place.target(dump)
    ended = await performed(await wished(target, USE), target, tmp_path)
    assert ended.code == FAILED, ended.says
    assert said in ended.says
    assert "run it again" in ended.says
    assert kept.name in place.dumps


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("rm -rf /somewhere", "this is no backup command"),
        ("/nowhere/backup_db.sh --now", "/nowhere/backup_db.sh is not there"),
    ],
)
async def test_what_cannot_be_a_backup_is_refused_before(
    place: Place, command: str, said: str
) -> None:
    wish = await wished(place.target(command=command), USE)
    assert said in wish.description.unmet[0]


async def test_another_backup_is_under_way(place: Place, tmp_path: Path) -> None:
    target = place.target()
    wish = await wished(target, USE)
    (place.daily / "transcripts_daily_now.sql.gz").write_bytes(b"half")
    again = await wished(target, USE)
    assert "another backup is under way" in again.description.unmet[0]
    ended = await performed(wish, target, tmp_path)
    assert ended.code == REFUSED and "another backup is under way" in ended.says


async def test_somebody_else_made_one_meanwhile(place: Place, tmp_path: Path) -> None:
    place.old(1)
    target = place.target()
    wish = await wished(target, USE)
    place.old(0)
    ended = await performed(wish, target, tmp_path)
    assert ended.code == REFUSED and "has changed since it was shown" in ended.says


@pytest.mark.parametrize(
    ("drop", "said"),
    [("directory", r"no \[backups\] directory"), ("command", "command")],
)
async def test_what_the_profile_does_not_say(
    place: Place, drop: str, said: str
) -> None:
    target = place.target()
    del target.tables["backups"][drop]  # type: ignore[attr-defined]
    with pytest.raises(ProbeError, match=said):
        await wished(target, USE)


async def test_a_directory_that_is_not_there(place: Place) -> None:
    with pytest.raises(ProbeError, match="is not there"):
        await wished(place.target(), USE, directory="/nowhere/at/all")


async def test_stopped_in_the_middle_nobody_says_that_it_is_done(
    place: Place, tmp_path: Path
) -> None:
    target = place.target('echo half | gzip > "$name"; echo halfway; exec sleep 300')
    performing = Performing(await wished(target, USE), target, tmp_path)
    process = await performing.start()
    assert process.stdout
    async with asyncio.timeout(30):
        while b"halfway" not in await process.stdout.readline():
            pass
    process.send_signal(signal.SIGTERM)
    ended = await performing.end_of(process)
    assert ended.code == UNKNOWN
    assert (
        "The command was stopped" in ended.says and "added: transcripts" in ended.says
    )
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


async def test_what_it_leaves_running_holds_nobody_up(
    place: Place, tmp_path: Path
) -> None:
    target = place.target(f"{WHOLE}; sleep 300 &")
    performing = Performing(await wished(target, USE), target, tmp_path)
    process = await performing.start()
    try:
        await asyncio.wait_for(process.wait(), 30)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
    assert (await performing.end_of(process)).code == DONE


async def test_a_line_without_end_is_told_in_pieces(
    place: Place, tmp_path: Path
) -> None:
    target = place.target(f"{WHOLE}; head -c 300000 /dev/zero | tr '\\0' x; echo")
    performing = Performing(await wished(target, USE), target, tmp_path)
    assert (await performing.ended()).code == DONE
    lines = [line for line in performing.printed.splitlines() if line.startswith("xx")]
    assert sum(map(len, lines)) == 300_000
    assert max(map(len, lines)) <= 2000
