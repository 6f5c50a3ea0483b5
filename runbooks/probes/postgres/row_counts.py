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

# A SELECT that is put together from names takes a function of the server; that for
# XML is there everywhere, also where XML itself is not.
_COUNTS = """
select name, about, case when size <= $2 and readable then
    substring(query_to_xml(format('select count(*) as n from %s', name),
      false, false, '')::text from '<n>([0-9]+)</n>') end as rows
from (
  select c.oid::regclass::text as name, pg_table_size(c.oid) as size,
    has_table_privilege(c.oid, 'select') as readable,
    greatest(c.reltuples, 0)::bigint as about
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  order by size desc, name limit $1
) as tables order by name
"""


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
        rows = await self.rows(sources, _COUNTS, MOST, LARGEST)
        return {row["name"]: row["rows"] or f"about {row['about']}" for row in rows}
