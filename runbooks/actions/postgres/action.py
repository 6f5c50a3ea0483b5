"""What actions on PostgreSQL have in common: a login, and which server it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from runbooks.actions.base import Action
from runbooks.actions.postgres.changing import Changes, changing
from runbooks.changes import Identity
from runbooks.errors import ActionError
from runbooks.probes.postgres.connection import Row
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
        async def row(statement: str) -> Row:
            return await self.row(sources, statement)

        return await self._identified(row)

    @asynccontextmanager
    async def changing(self, shown: Identity) -> AsyncIterator[Changes]:
        """Connect to what was shown while the context lasts.

        An address may lead elsewhere by now: the connection itself is asked.

        Raises:
            ActionError: there is no connection, or to something else; nothing was
                changed.
        """
        async with changing(self.address(), self.source) as changes:
            found = await self._identified(changes.row)
            if found != shown:
                raise ActionError(
                    f"Nothing was changed: this is {found.says} now, not {shown.says} "
                    "as it was shown. Look again.",
                    changed=False,
                )
            yield changes

    async def _identified(self, row: Callable[[str], Awaitable[Row]]) -> Identity:
        """Return the system identifier with the database, and say the role.

        Source: ``pg_control_system()``. A standby has the identifier of its primary,
        so it is told apart; a server made from a physical backup has the same one
        too, and only its address differs. Where the function may not be called, or
        is not there, the address and the database's own number have to do.

        Raises:
            ProbeError, ActionError: it cannot be asked.
        """
        said = await row(_WHICH)
        kind = "standby" if said["standby"] else "primary"
        if said["tells"]:
            system = (await row(_SYSTEM))["id"]
            id = f"{system}/{said['database']} {kind}"
            known = f"system {system}, as {said['role']}"
        else:
            id = f"{self.place} {said['oid']} {kind}"
            known = (
                "known by its address alone, as "
                f"{said['role']} may not ask for its system identifier"
            )
        return Identity("postgres", id, f"PostgreSQL {self.place} ({kind}), {known}")
