"""How many rows the tables of one database have, for comparing before and after."""

from __future__ import annotations

from collections.abc import Mapping

from runbooks.probes.postgres.one_database import OneDatabase
from runbooks.probes.sources import Sources

MOST = 40
"""Tables that are counted, the largest ones."""
LARGEST = 64 << 20
"""Bytes; a larger table is not read for this, its number of rows is the server's
estimate."""

_TABLES = """
select c.oid::regclass::text as name, pg_table_size(c.oid) as size,
  has_table_privilege(c.oid, 'select') as readable,
  greatest(c.reltuples, 0)::bigint as about
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by size desc, name limit $1
"""
# Names come from the server and are quoted by it (regclass).
_COUNT = "select {number} as number, count(*) as rows from only {name}"


class RowCounts(OneDatabase, frozen=True, kw_only=True):
    """Counts rows, in one transaction that is READ ONLY.

    Source: the tables themselves, and ``pg_class.reltuples`` of those that are large
    or that the role may not read.
    """

    async def counted(self, sources: Sources) -> Mapping[str, str]:
        """Return the number by table, ``about 1200`` where it is an estimate.

        Raises:
            ProbeError: nobody could look.
        """
        tables = await self.rows(sources, _TABLES, MOST)
        small = [t for t in tables if t["readable"] and t["size"] <= LARGEST]
        counts = (
            _COUNT.format(number=number, name=table["name"])
            for number, table in enumerate(small)
        )
        counted: dict[str, str] = {}
        if together := " union all ".join(counts):
            for row in await self.rows(sources, together):
                counted[small[row["number"]]["name"]] = str(row["rows"])
        return {
            table["name"]: counted.get(table["name"], f"about {table['about']}")
            for table in tables
        }
