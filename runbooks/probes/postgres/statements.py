"""Probe of pg_stat_statements: whether it watches, and what is slow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from runbooks.probes.base import Measurement
from runbooks.probes.postgres.connection import Row
from runbooks.probes.postgres.probe import PostgresProbe
from runbooks.probes.postgres.settings import settings
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading, Value

TOP = 10
"""Statements that the evidence names."""
WIDEST = 100
"""Characters of a statement that the evidence shows."""
_NAME = "pg_stat_statements"

_EXTENSION = """
select n.nspname::text as schema, e.extversion as version
from pg_extension e join pg_namespace n on n.oid = e.extnamespace
where e.extname = 'pg_stat_statements'
"""
_AVAILABLE = """
select count(*) > 0 as available from pg_available_extensions
where name = 'pg_stat_statements'
"""
# Utility statements keep their constants, passwords among them; see
# https://www.postgresql.org/docs/16/pgstatstatements.html.
_SLOWEST = """
select s.query, s.calls, s.mean_exec_time as mean, s.total_exec_time as total,
  count(*) over () as statements
from {schema}.pg_stat_statements s
join pg_database d on d.oid = s.dbid and d.datname = current_database()
where s.calls >= $1::bigint
  and s.query ~* '^\\s*(select|insert|update|delete|merge|with)\\y'
order by s.mean_exec_time desc limit {top}
"""


class StatementsProbe(PostgresProbe, frozen=True, kw_only=True):
    """Measures whether statements are timed, and which take longest.

    Source: the extension pg_stat_statements, whose texts have their constants
    taken out. Texts of others need ``pg_read_all_stats``.

    Readings:
        preloaded: whether the server loads it; absent where its build has none.
        created: whether this database has it; absent where the build has none.
        io_timing: whether reading and writing is timed, too.
        statements: how many were called `calls` times or more.
        slowest: mean of the slowest of these, in seconds; absent without any.

    Attributes:
        calls: below which a statement is left out.

    Raises:
        ProbeError: the server cannot be asked.
    """

    calls: int = 5

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("preloaded", "created", "io_timing", "statements"), ""),
        "slowest": "s",
    }

    async def measure(self, sources: Sources) -> Measurement:
        known = await settings(self, sources)
        libraries = known.get("shared_preload_libraries")
        loaded = libraries is not None and _NAME in libraries["setting"]
        built = (await self.row(sources, _AVAILABLE))["available"]
        extensions = await self.rows(sources, _EXTENSION)
        values: dict[str, Value] = {
            "preloaded": loaded if built or loaded else None,
            "created": bool(extensions) if built or loaded else None,
            "io_timing": known["track_io_timing"]["setting"] == "on",
        }
        lines = [await self.asked_as(sources)]
        lacking = {"preloaded": f"this build of the server has no {_NAME}"}
        if libraries is None:
            # Settings that a role may not see are no settings that are off.
            del values["preloaded"]
            lacking["preloaded"] = "only members of pg_monitor see what is preloaded"
        lines.append(
            f"{_NAME}: {_yes(loaded, 'preloaded')}, {_yes(bool(extensions), 'created')}"
            if built or loaded
            else lacking["preloaded"]
        )
        lines.append(f"track_io_timing = {known['track_io_timing']['setting']}")
        if loaded and extensions:
            slowest = await self._slowest(sources, extensions[0]["schema"])
            values["statements"] = slowest[0]["statements"] if slowest else 0
            values["slowest"] = slowest[0]["mean"] / 1000 if slowest else None
            lines += map(_line, slowest)
        else:
            lacking["slowest"] = lacking["statements"] = "statements are not timed"
        lacking["created"] = lacking["preloaded"]
        found = {n: Reading(n, v, self.readings[n]) for n, v in values.items()}
        return Measurement(found, "\n".join(lines), lacking=lacking)

    async def _slowest(self, sources: Sources, schema: str) -> Sequence[Row]:
        quoted = '"' + schema.replace('"', '""') + '"'
        statement = _SLOWEST.format(schema=quoted, top=TOP)
        return await self.rows(sources, statement, self.calls)


def _line(row: Row) -> str:
    mean = shown(Reading("", row["mean"] / 1000, "s"))
    text = re.sub(r"\s+", " ", row["query"]).strip()[:WIDEST]
    return f"{mean} on average, {row['calls']} times: {text}"


def _yes(holds: bool, word: str) -> str:
    return word if holds else f"not {word}"
