"""What actions on PostgreSQL have in common: a login, and which server it is."""

from __future__ import annotations

from runbooks.actions.base import Action
from runbooks.changes import Identity
from runbooks.probes.postgres.one_database import OneDatabase
from runbooks.probes.sources import Sources

_WHICH = """
select current_database()::text as database, current_user::text as role,
  pg_is_in_recovery() as standby,
  (select oid::text from pg_database where datname = current_database()) as oid,
  coalesce(has_function_privilege(
    to_regprocedure('pg_catalog.pg_control_system()'), 'execute'), false) as tells
"""
_SYSTEM = "select system_identifier::text as id from pg_control_system()"


class PostgresAction(OneDatabase, Action, frozen=True, kw_only=True):
    """Changes something on one server; a subclass says what.

    Attributes:
        admin_dsn: address of the same database with a role that may change things,
            where that of `dsn` only watches.
    """

    admin_dsn: str = ""

    @property
    def login(self) -> str:
        return self.admin_dsn or self.dsn

    @property
    def place(self) -> str:
        """Host, port and database, for people."""
        return self.address().place

    async def identity(self, sources: Sources) -> Identity:
        """Return the system identifier with the database.

        Source: ``pg_control_system()``. A standby has the identifier of its primary,
        so it is told apart; a server made from a physical backup has the same one
        too, and only its address differs. Where the function may not be called, or
        is not there, the address and the database's own number have to do.

        Raises:
            ProbeError: it cannot be asked.
        """
        said = await self.row(sources, _WHICH)
        kind = "standby" if said["standby"] else "primary"
        if said["tells"]:
            system = (await self.row(sources, _SYSTEM))["id"]
            id = f"{system}/{said['database']} {kind}"
            known = f"system {system}"
        else:
            id = f"{self.place} {said['oid']} {kind}"
            known = (
                "known by its address alone, as "
                f"{said['role']} may not ask for its system identifier"
            )
        return Identity("postgres", id, f"PostgreSQL {self.place} ({kind}), {known}")
