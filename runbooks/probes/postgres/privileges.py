"""Probe of what the application's role may do, too little and too much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement
from runbooks.probes.postgres.probe import PostgresProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading, Value

LISTED = 20
"""Missing rights that are told one by one."""
_FLAGS = ("superuser", "createrole", "replication", "bypassrls")

_ROLE = """
select r.rolname::text as name, r.rolsuper as superuser, r.rolcreaterole as createrole,
  r.rolreplication as replication, r.rolbypassrls as bypassrls,
  has_schema_privilege(r.oid, n.oid, 'usage') as uses,
  has_schema_privilege(r.oid, n.oid, 'create') as creates,
  r.rolname = current_user as asks
from pg_roles r, pg_namespace n
where r.rolname = coalesce(nullif($1::text, ''), current_user) and n.nspname = $2::text
"""
# Members of the owner own, too. Tables of extensions are none of the application's,
# partitions are reached through their table, and the sequence of an identity column
# asks for no right of its own.
_TABLES = """
select c.relname::text as name, c.relkind = 'S' as sequence,
  pg_has_role($1::text, c.relowner, 'member') as owns,
  case when c.relkind = 'S'
    then array['USAGE', has_sequence_privilege($1::text, c.oid, 'usage')::text]
    else array[
      'SELECT', has_table_privilege($1::text, c.oid, 'select')::text,
      'INSERT', has_table_privilege($1::text, c.oid, 'insert')::text,
      'UPDATE', has_table_privilege($1::text, c.oid, 'update')::text,
      'DELETE', has_table_privilege($1::text, c.oid, 'delete')::text]
  end as rights
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $2::text and c.relkind in ('r', 'p', 'S')
  and not c.relispartition and not exists (
  select from pg_depend d
  where d.classid = 'pg_class'::regclass and d.objid = c.oid
    and d.deptype in ('e', 'i'))
order by 1
"""


class PrivilegesProbe(PostgresProbe, frozen=True, kw_only=True):
    """Measures what the application's role may do in its schema.

    Source: ``pg_roles`` and the functions of
    https://www.postgresql.org/docs/16/functions-info.html#FUNCTIONS-INFO-ACCESS,
    which any role may ask about any other. It needs SELECT, INSERT, UPDATE and
    DELETE on every table, USAGE on every sequence and on the schema.

    Readings:
        role: the one judged; absent when there is none of that name, or no schema.
        missing: rights that it needs and lacks.
        strong: superuser, createrole, replication, bypassrls: those it has.
        tables: tables in the schema.
        owned: tables that it owns, itself or as a member of the owner.
        creates: whether it may make tables in the schema.
        shared: whether it is also the role that asks, which had better be one that
            only looks.

    Attributes:
        application: role to judge; by default the one that asks.
        schema: where its tables are.
        read_only: tables of which SELECT is enough.

    Raises:
        ProbeError: the server cannot be asked.
    """

    schema: str = "public"
    read_only: tuple[str, ...] = ("alembic_version",)

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("role", "missing", "strong", "tables", "owned", "creates", "shared"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"missing", "strong"})

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.rows(sources, _ROLE, self.application, self.schema)
        if not found:
            said = f"no role {self.application!r} or no schema {self.schema!r}"
            nobody = {"role": Reading("role", None)}
            return Measurement(nobody, said, lacking=dict.fromkeys(self.readings, said))
        role = found[0]
        rows = await self.rows(sources, _TABLES, role["name"], self.schema)
        tables = [row for row in rows if not row["sequence"]]
        missing = [] if role["uses"] else [f"USAGE on schema {self.schema}"]
        for row in rows:
            missing += self._missing(row["name"], row["rights"])
        strong = [flag for flag in _FLAGS if role[flag]]
        owned = [row["name"] for row in tables if row["owns"]]
        values: dict[str, Value] = {
            "role": role["name"],
            "missing": ", ".join(missing) or None,
            "strong": ", ".join(strong) or None,
            "tables": len(tables),
            "owned": len(owned),
            "creates": role["creates"],
            "shared": role["asks"],
        }
        lines = [
            await self.asked_as(sources),
            f"judged: {role['name']} ({', '.join(strong) or 'no strong flags'}) in "
            f"{self.schema}, {len(tables)} tables, {len(rows) - len(tables)} sequences",
            f"owns {len(owned)} tables, may {'' if role['creates'] else 'not '}create",
            *(f"lacks {each}" for each in missing[:LISTED]),
            *([f"lacks {len(missing) - LISTED} more"] if missing[LISTED:] else []),
        ]
        return Measurement(
            {n: Reading(n, v) for n, v in values.items()}, "\n".join(lines)
        )

    def _missing(self, name: str, rights: list[str]) -> list[str]:
        pairs = zip(rights[::2], rights[1::2], strict=True)
        lacks = [right for right, has in pairs if has != "true"]
        if name in self.read_only:
            lacks = [right for right in lacks if right == "SELECT"]
        return [f"{', '.join(lacks)} on {name}"] if lacks else []
