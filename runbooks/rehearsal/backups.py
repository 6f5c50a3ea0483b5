"""Backups with a past: dumps in the retention layout, media snapshots, their logs.

All dumps hold today's data; name, time stamp and log alone say that they are older.
Nobody here runs what the crontab says; the profile names a command that makes one more
dump, when somebody asks for it. Layout, names and checksums are those of the
target system's own scripts; what its logs say besides their last line is made up.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shlex
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from runbooks.rehearsal import recovery
from runbooks.rehearsal.database import program, superuser
from runbooks.rehearsal.layout import DATABASE, Layout
from runbooks.rehearsal.parts import run

_AGO = 8
"""Hours since the last nightly backup, at whatever time of the day somebody rehearses:
so the last one is fresh, and the one before it is not."""
_DAYS, _WEEKS, _MONTHS = 7, 4, 12
_MEDIA_DAYS = 8
_STAMP = "%Y%m%d_%H%M%S"
_DUMP = ("--format=plain", "--no-owner", "--no-acl", "--clean", "--if-exists")
_CRONTAB = """\
0 {hour} * * * /scripts/backup_db.sh
30 {hour} * * * /scripts/backup_media.sh
0 {hour} * * 0 /scripts/verify_backup.sh
*/5 * * * * /scripts/export_backup_metrics.sh --output-file /backups/metrics.prom
17 3 * * * certbot renew --quiet
"""
_COMMAND = """\
set -euo pipefail
name=transcripts_daily_$(date +{stamp}).sql.gz
cd "$BACKUP_DIR/daily"
{dump} | gzip -9 > "$name"
sha256sum "$name" > "$name.sha256"
find . -name 'transcripts_*' -mtime +{days} -delete
echo "Backup Completed Successfully"
"""


async def create(layout: Layout) -> None:
    """Dump the running database and lay out the backups of the last year."""
    root = layout.path("backups")
    (root / "logs").mkdir()
    dump = await run(program("pg_dump"), *_DUMP, DATABASE, **superuser(layout))
    packed = gzip.compress(dump, 9, mtime=0)
    for when in _nights(datetime.now()):
        kind = _kind(when)
        path = root / kind / f"transcripts_{kind}_{when.strftime(_STAMP)}.sql.gz"
        path.parent.mkdir(exist_ok=True)
        _write(path, packed, when)
        digest = hashlib.sha256(packed).hexdigest()
        _write(path.with_name(f"{path.name}.sha256"), f"{digest}  {path.name}\n", when)
        if when > datetime.now() - timedelta(days=_DAYS + 1):
            said = f"Creating {kind} backup\n{path.name}: {len(packed)} bytes\n"
            log = root / "logs" / when.strftime("backup_%Y%m%d.log")
            _write(log, _logged(said + "Backup Completed Successfully\n", when), when)
    last = next(_nights(datetime.now()))
    newest = next((root / _kind(last)).glob(f"*_{last.strftime(_STAMP)}.sql.gz"))
    # Dropping a database removes WAL, which a base backup must not miss: one by one.
    await recovery.drill(layout, newest)
    await recovery.back_up(layout)
    sunday = last - timedelta(days=(last.weekday() + 1) % 7)
    said = _logged("Backup Verification Completed Successfully\n", sunday)
    _write(root / "logs" / sunday.strftime("verify_%Y%m%d.log"), said, sunday)
    (root / "crontab").write_text(_CRONTAB.format(hour=last.hour))
    layout.path("backup_db.sh").write_text(_command(layout))
    _snapshot_media(layout)


def _command(layout: Layout) -> str:
    """Return the script that dumps the database as it is then."""
    known = superuser(layout)
    login = ("-h", known["PGHOST"], "-p", known["PGPORT"], "-U", known["PGUSER"])
    dump = shlex.join([program("pg_dump"), *_DUMP, *login, DATABASE])
    return _COMMAND.format(stamp=_STAMP, dump=dump, days=_DAYS)


def _snapshot_media(layout: Layout) -> None:
    """Copy the media of the finished videos as eight nightly snapshots."""
    media = layout.path("data")
    root = layout.path("backups", "media")
    root.mkdir()
    for number in range(1, 4):
        (media / f"rehearsal0{number}.opus").write_bytes(b"OggS" + os.urandom(2000))
    (root / "logs").mkdir()
    last = next(_nights(datetime.now()))
    for ago in range(_MEDIA_DAYS):
        when = last - timedelta(days=ago)
        stamp = when.strftime(_STAMP)
        snapshot = root / stamp
        snapshot.mkdir()
        sums = ""
        for source in sorted(media.glob("*.opus")):
            copy = snapshot / source.name
            _write(copy, source.read_bytes(), when)
            sums += f"{hashlib.sha256(copy.read_bytes()).hexdigest()}  {copy}\n"
        _write(root / f"checksums_{stamp}.sha256", sums, when)
        said = _logged("Media Backup Completed Successfully\n", when)
        _write(root / "logs" / f"media_backup_{stamp}.log", said, when)
        os.utime(snapshot, (when.timestamp(), when.timestamp()))
    (root / "current").symlink_to(root / last.strftime(_STAMP))


def _nights(now: datetime) -> Iterator[datetime]:
    """Yield the nights whose backup retention keeps, newest first."""
    night = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=_AGO)
    kept = {"daily": timedelta(days=_DAYS), "weekly": timedelta(weeks=_WEEKS)}
    for _ in range(31 * _MONTHS):
        if now - night < kept.get(_kind(night), timedelta(days=30 * _MONTHS)):
            yield night
        night -= timedelta(days=1)


def _kind(when: datetime) -> str:
    if when.day == 1:
        return "monthly"
    return "weekly" if when.weekday() == 6 else "daily"


def _logged(lines: str, when: datetime) -> str:
    stamp = when.strftime("[%Y-%m-%d %H:%M:%S]")
    return "".join(f"{stamp} [INFO] {line}\n" for line in lines.splitlines())


def _write(path: Path, content: str | bytes, when: datetime) -> None:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.utime(path, (when.timestamp(), when.timestamp()))
