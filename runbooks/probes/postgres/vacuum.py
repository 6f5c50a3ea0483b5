"""Probe of housekeeping: dead rows, statistics, and the age of transactions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Duration, Measurement
from runbooks.probes.postgres.connection import Row
from runbooks.probes.postgres.probe import PostgresProbe
from runbooks.probes.postgres.settings import settings
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading, Value

TOP = 5
"""Tables that the evidence names."""

# Tables may switch autovacuum off for themselves.
_TABLES = """
select s.schemaname || '.' || s.relname as name, s.n_live_tup as live,
  s.n_dead_tup as dead, s.n_mod_since_analyze as changed,
  extract(epoch from now() - greatest(s.last_analyze, s.last_autoanalyze))::float8
    as analysed,
  extract(epoch from now() - greatest(s.last_vacuum, s.last_autovacuum))::float8
    as vacuumed,
  coalesce(c.reloptions @> array['autovacuum_enabled=false']
    or c.reloptions @> array['autovacuum_enabled=off'], false) as exempt
from pg_stat_user_tables s join pg_class c on c.oid = s.relid
order by s.n_dead_tup::float8 / greatest(s.n_live_tup + s.n_dead_tup, 1) desc, 1
"""
_AGE = """
select max(age(datfrozenxid)) as age, max(mxid_age(datminmxid)) as multixact_age
from pg_database
"""


class VacuumProbe(PostgresProbe, frozen=True, kw_only=True):
    """Measures whether the server keeps its tables clean.

    Source: ``pg_stat_user_tables`` and ``pg_database``, see
    https://www.postgresql.org/docs/16/routine-vacuuming.html. Counts are the
    server's estimates. Tables with fewer rows than `rows_from` are left out: their
    shares say nothing.

    Readings:
        autovacuum: whether it is on, with the counting that it needs.
        exempt: tables that have switched it off for themselves.
        large: how many tables there are of so many rows.
        dead: the largest share of dead rows in one of them; 0 where there is none.
        worst: which table that is.
        unanalysed: those that changed and were not analysed within `analysed`.
        age: transactions since the oldest row that is not frozen; at 2 147 000 000
            the server stops to take writes.
        multixact_age: the same of row locks.

    Attributes:
        rows_from: rows from which a table is looked at.
        analysed: after which statistics are old.

    Raises:
        ProbeError: the server cannot be asked.
    """

    rows_from: int = 10_000
    analysed: Duration = Duration(7 * 86400)

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            (
                *("autovacuum", "exempt", "large", "worst", "unanalysed", "age"),
                *("multixact_age",),
            ),
            "",
        ),
        "dead": "%",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"exempt", "worst", "unanalysed"})

    async def measure(self, sources: Sources) -> Measurement:
        known = await settings(self, sources)
        switches = ("autovacuum", "track_counts")
        tables = await self.rows(sources, _TABLES)
        large = [t for t in tables if t["live"] + t["dead"] >= self.rows_from]
        ages = await self.row(sources, _AGE)
        old = [t["name"] for t in large if self._is_old(t)]
        exempt = [t["name"] for t in tables if t["exempt"]]
        values: dict[str, Value] = {
            "autovacuum": all(known[name]["setting"] == "on" for name in switches),
            "exempt": ", ".join(exempt) or None,
            "large": len(large),
            "dead": _dead(large[0]) if large else 0.0,
            "worst": large[0]["name"] if large else None,
            "unanalysed": ", ".join(old) or None,
            "age": ages["age"],
            "multixact_age": ages["multixact_age"],
        }
        lines = [
            await self.asked_as(sources),
            ", ".join(f"{name} {known[name]['setting']}" for name in switches),
            f"{len(large)} of {len(tables)} tables have {self.rows_from} rows or more",
            f"oldest transaction: {ages['age']:,} ago".replace(",", " "),
            *map(_line, large[:TOP]),
        ]
        found = {n: Reading(n, v, self.readings[n]) for n, v in values.items()}
        return Measurement(found, "\n".join(lines))

    def _is_old(self, table: Row) -> bool:
        if table["analysed"] is None:
            return True
        return bool(table["changed"] and table["analysed"] > self.analysed)


def _dead(table: Row) -> float:
    return float(100 * table["dead"] / max(1, table["live"] + table["dead"]))


def _line(table: Row) -> str:
    return (
        f"{table['name']}: {table['live']} rows, {_dead(table):.0f} % dead, "
        f"analysed {_ago(table['analysed'])}, vacuumed {_ago(table['vacuumed'])}"
    )


def _ago(seconds: float | None) -> str:
    return "never" if seconds is None else f"{shown(Reading('', seconds, 's'))} ago"
