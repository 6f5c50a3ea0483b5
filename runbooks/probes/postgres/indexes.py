"""Probe of indexes: those that are needed, broken, or of no use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement
from runbooks.probes.postgres.probe import PostgresProbe
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading, Value

# An index that is being built is not valid yet, and nothing is wrong with it.
_INDEXES = """
select c.relname::text as name, i.indisvalid and i.indisready as valid,
  exists (select from pg_stat_progress_create_index p where p.index_relid = c.oid)
    as building,
  i.indisunique or i.indisexclusion as constrains,
  coalesce(s.idx_scan, 0) as scans, pg_relation_size(c.oid) as size
from pg_index i
join pg_class c on c.oid = i.indexrelid
join pg_namespace n on n.oid = c.relnamespace
left join pg_stat_all_indexes s on s.indexrelid = c.oid
where n.nspname = $1::text order by 1
"""
_TABLES = """
select relname::text as name, seq_scan, coalesce(idx_scan, 0) as idx_scan,
  n_live_tup as rows
from pg_stat_all_tables where schemaname = $1::text order by seq_tup_read desc
"""


class IndexesProbe(PostgresProbe, frozen=True, kw_only=True):
    """Measures whether the indexes are there, sound, and used.

    Source: ``pg_index`` and the statistics since their last reset, see
    https://www.postgresql.org/docs/16/catalog-pg-index.html.

    Readings:
        indexes: how many there are in the schema.
        missing: of `needed`, those that are not there.
        invalid: those that no query uses because building them broke off; one
            that is being built does not count.
        unused: those of at least `large` that no query used and that guard
            nothing.
        scanned: tables of at least `rows_from` rows that were read in full ten times as
            often as through an index.

    Attributes:
        schema: where they are.
        needed: names of indexes.
        large: bytes from which an unused index matters.
        rows_from: rows from which reading a table in full matters.

    Raises:
        ProbeError: the server cannot be asked.
    """

    schema: str = "public"
    needed: tuple[str, ...] = ()
    large: int = 100 * 2**20
    rows_from: int = 100_000

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("indexes", "missing", "invalid", "unused", "scanned"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset(
        {"missing", "invalid", "unused", "scanned"}
    )

    async def measure(self, sources: Sources) -> Measurement:
        indexes = await self.rows(sources, _INDEXES, self.schema)
        tables = await self.rows(sources, _TABLES, self.schema)
        there = {row["name"] for row in indexes}
        missing = [name for name in self.needed if name not in there]
        broken = [
            row["name"] for row in indexes if not (row["valid"] or row["building"])
        ]
        unused = [
            row
            for row in indexes
            if row["size"] >= self.large and not (row["scans"] or row["constrains"])
        ]
        scanned = [
            row
            for row in tables
            if row["rows"] >= self.rows_from
            and row["seq_scan"] > 10 * max(1, row["idx_scan"])
        ]
        values: dict[str, Value] = {
            "indexes": len(indexes),
            "missing": ", ".join(missing) or None,
            "invalid": ", ".join(broken) or None,
            "unused": ", ".join(row["name"] for row in unused) or None,
            "scanned": ", ".join(row["name"] for row in scanned) or None,
        }
        lines = [
            await self.asked_as(sources),
            f"{len(indexes)} indexes in {self.schema}, "
            f"{len(self.needed) - len(missing)} of {len(self.needed)} needed ones",
            *(f"{name} is missing" for name in missing),
            *(f"{name} is invalid" for name in broken),
            *(f"{r['name']}: {_size(r['size'])}, never used" for r in unused),
            *(
                f"{r['name']}: {r['rows']} rows, read in full {r['seq_scan']} times, "
                f"by index {r['idx_scan']} times"
                for r in scanned
            ),
        ]
        return Measurement(
            {n: Reading(n, v) for n, v in values.items()}, "\n".join(lines)
        )


def _size(size: int) -> str:
    return shown(Reading("", size, "B"))
