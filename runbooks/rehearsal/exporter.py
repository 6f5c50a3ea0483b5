"""The exporters that a real deployment has several of, in one.

``python -m runbooks.rehearsal.exporter DIRECTORY``. Everything is read when it is
scraped: PostgreSQL's statistics (named as postgres_exporter does), the machine
(node_exporter), backups (``export_backup_metrics.sh``) and the certificate that the
API shows (blackbox_exporter). PostgreSQL is asked past PgBouncer, which would keep it
waiting, and the scrape of all the others with it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import ssl
import sys
from pathlib import Path

from runbooks.rehearsal.database import APPLICATION
from runbooks.rehearsal.exposing import expose
from runbooks.rehearsal.layout import HOST, Layout, read
from runbooks.rehearsal.metrics import Series
from runbooks.rehearsal.storage import UNAVAILABLE, Database

_TICKS = os.sysconf("SC_CLK_TCK")
_MODES = ("user", "nice", "system", "idle", "iowait")
"""Of the first columns of /proc/stat, see proc(5)."""
_STATISTICS = ("numbackends", "xact_commit", "xact_rollback", "blks_read", "blks_hit")
_DATABASE = f"""
  select datname, {", ".join(_STATISTICS)},
    current_setting('max_connections')::int as most
  from pg_stat_database where datname is not null
"""
_ACTIVITY = """
  select datname, coalesce(state, 'unknown') as state, count(*) from pg_stat_activity
  where datname is not null group by 1, 2
"""


async def read_postgres(series: Series, database: Database) -> None:
    try:
        for row in await database.all(_DATABASE):
            for name in _STATISTICS:
                series.set(
                    f"pg_stat_database_{name}", row[name], datname=row["datname"]
                )
            series.set("pg_settings_max_connections", row["most"])
        for row in await database.all(_ACTIVITY):
            labels = {key: row[key] for key in ("datname", "state")}
            series.set("pg_stat_activity_count", row["count"], **labels)
    except UNAVAILABLE:
        series.set("pg_up", 0)
    else:
        series.set("pg_up", 1)


def read_machine(series: Series, layout: Layout) -> None:
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name.startswith("cpu") and name != "cpu":
            for mode, value in zip(_MODES, ticks, strict=False):
                labels = {"cpu": name[3:], "mode": mode}
                series.set("node_cpu_seconds_total", int(value) / _TICKS, **labels)
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, kibibytes = line.split()[:2]
        if name in ("MemTotal:", "MemAvailable:"):
            series.set(f"node_memory_{name[:-1]}_bytes", int(kibibytes) * 1024)
    disk = shutil.disk_usage(layout.directory)
    place = {"mountpoint": str(layout.directory)}
    series.set("node_filesystem_size_bytes", disk.total, **place)
    series.set("node_filesystem_avail_bytes", disk.free, **place)


def read_backups(series: Series, layout: Layout) -> None:
    root = layout.path("backups")
    for period in ("daily", "weekly", "monthly"):
        dumps = [(path, path.stat()) for path in (root / period).glob("*.sql.gz")]
        series.set("backup_count", len(dumps), type="database", period=period)
    every = [path.stat() for path in root.glob("*ly/*.sql.gz")]
    snapshots = [path.stat() for path in (root / "media").glob("2*_*")]
    for kind, found in (("database", every), ("media", snapshots)):
        if found:
            newest = max(found, key=lambda stat: stat.st_mtime)
            series.set("backup_last_success_timestamp", newest.st_mtime, type=kind)
            series.set("backup_last_status", 1, type=kind)
            series.set("backup_size_bytes", newest.st_size, type=kind)
    archived = [path.stat().st_mtime for path in (root / "wal_archive").glob("*.gz")]
    series.set("wal_archive_count", len(archived))
    series.set("wal_last_archive_timestamp", max(archived, default=0))
    newest_dumps = sorted(root.glob("*ly/*.sql.gz"), key=lambda p: p.stat().st_mtime)
    broken = [path for path in newest_dumps[-3:] if not _is_whole(path)]
    series.set("backup_verification_failures", len(broken))
    series.set("backup_total_size_bytes", sum(stat.st_size for stat in every))


def _is_whole(dump: Path) -> bool:
    sums = dump.with_name(f"{dump.name}.sha256")
    digest = hashlib.sha256(dump.read_bytes()).hexdigest()
    return sums.exists() and sums.read_text().startswith(digest)


async def read_certificate(series: Series, layout: Layout) -> None:
    context = ssl.create_default_context(cafile=layout.path("tls", "ca.pem"))
    try:
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(
                HOST, layout.ports["api"], ssl=context, server_hostname="localhost"
            )
    except (OSError, TimeoutError):
        series.set("probe_success", 0)
        return
    shown = writer.get_extra_info("peercert")
    writer.close()
    series.set("probe_success", 1)
    series.set(
        "probe_ssl_earliest_cert_expiry", ssl.cert_time_to_seconds(shown["notAfter"])
    )


def main(directory: Path) -> None:
    layout = read(directory)
    database = Database(layout.dsn(APPLICATION, "postgres-password"), size=1)

    async def exposition() -> str:
        series = Series()
        await read_postgres(series, database)
        await read_certificate(series, layout)
        read_machine(series, layout)
        read_backups(series, layout)
        return series.exposition()

    asyncio.run(expose(layout.ports["exporter"], exposition))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
