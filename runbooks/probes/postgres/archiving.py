"""Probe of WAL archiving: whether it is on, and whether it works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Duration, Measurement
from runbooks.probes.postgres.probe import PostgresProbe
from runbooks.probes.postgres.settings import line, pending, quantity, settings
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading, Value

_NAMES = (
    "wal_level",
    "archive_mode",
    "archive_command",
    "archive_library",
    "archive_timeout",
)
_ARCHIVER = """
select archived_count as archived, failed_count as failed,
  extract(epoch from now() - last_archived_time)::float8 as age,
  extract(epoch from now() - last_failed_time)::float8 as failed_age,
  last_archived_wal, last_failed_wal,
  coalesce(has_function_privilege('pg_ls_archive_statusdir()', 'execute'), false)
    as sees_waiting
from pg_stat_archiver
"""
_WAITING = """
select count(*) as waiting,
  extract(epoch from now() - min(modification))::float8 as oldest
from pg_ls_archive_statusdir() where name like '%.ready'
"""


class ArchivingProbe(PostgresProbe, frozen=True, kw_only=True):
    """Measures whether the server archives its write-ahead log, and how well.

    Source: ``pg_settings`` and ``pg_stat_archiver``, see
    https://www.postgresql.org/docs/16/continuous-archiving.html. What the command
    does with the segments only the archive shows.

    Readings:
        enabled: whether segments are handed to something that archives them.
        wal_level, mode: as configured.
        by: ``command`` or ``library``; absent when neither is set.
        timeout: after which a segment is closed, in seconds; 0 waits until it is
            full.
        pending: settings of these that wait for a restart.
        archived, failed: attempts since the statistics were reset.
        age: since the last success, in seconds; absent if there was none.
        failing: whether the last attempt failed.
        waiting: segments not archived yet; needs ``pg_monitor``.
        exposure: what would be lost with the server at worst, in seconds: `age`;
            absent where nothing is archived.
        rpo: what may be lost, as declared; absent where nobody said.

    Attributes:
        rpo: recovery point objective, such as ``"15m"``.

    Raises:
        ProbeError: the server cannot be asked.
    """

    rpo: Duration = Duration(0)

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            (
                *("enabled", "wal_level", "mode", "by", "pending", "archived"),
                *("failed", "failing", "waiting"),
            ),
            "",
        ),
        **dict.fromkeys(("timeout", "age", "exposure", "rpo"), "s"),
    }
    naming: ClassVar[frozenset[str]] = frozenset({"pending"})

    async def measure(self, sources: Sources) -> Measurement:
        known = await settings(self, sources)
        rows = {name: known[name] for name in _NAMES if name in known}
        text = {name: rows[name]["shown"] if name in rows else "" for name in _NAMES}
        archiver = await self.row(sources, _ARCHIVER)
        way = None
        if text["archive_library"]:
            way = "library"
        elif text["archive_command"] not in ("", "(disabled)"):
            way = "command"
        enabled = (
            text["archive_mode"] in ("on", "always")
            and text["wal_level"] in ("replica", "logical")
            and way is not None
        )
        age, failed_age = archiver["age"], archiver["failed_age"]
        values: dict[str, Value] = {
            "enabled": enabled,
            "wal_level": text["wal_level"] or None,
            "mode": text["archive_mode"] or None,
            "by": way,
            "timeout": quantity(rows["archive_timeout"])
            if "archive_timeout" in rows
            else None,
            "pending": pending(rows.values()),
            "archived": archiver["archived"],
            "failed": archiver["failed"],
            "age": age,
            "failing": failed_age is not None and (age is None or failed_age < age),
            "exposure": age if enabled else None,
            "rpo": float(self.rpo) or None,
        }
        lines = [
            await self.asked_as(sources),
            *map(line, rows.values()),
            f"archived: {archiver['archived']}, last {_ago(age)}",
            f"failed: {archiver['failed']}, last {_ago(failed_age)}"
            + (f" ({archiver['last_failed_wal']})" if failed_age is not None else ""),
        ]
        lacking = {
            "waiting": "only members of pg_monitor see what waits",
            "age": "no segment was archived yet",
            "exposure": "nothing is archived: a dump is all there is",
        }
        if archiver["sees_waiting"]:
            waits = await self.row(sources, _WAITING)
            values["waiting"] = waits["waiting"]
            lines.append(f"waiting: {waits['waiting']} segments")
        found = {n: Reading(n, v, self.readings[n]) for n, v in values.items()}
        return Measurement(found, "\n".join(lines), lacking=lacking)


def _ago(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    return f"{shown(Reading('', seconds, 's'))} ago"
