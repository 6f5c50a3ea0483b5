"""What probes of PostgreSQL have in common."""

from __future__ import annotations

from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Probe
from runbooks.probes.postgres.connection import Row, Rows
from runbooks.probes.postgres.one_database import OneDatabase
from runbooks.probes.sources import Sources


class PostgresProbe(OneDatabase, Probe, frozen=True, kw_only=True):
    """Asks one database; a subclass says what.

    Attributes:
        application: role of the application, which is not for looking.
    """

    server: ClassVar[str] = "PostgreSQL"
    application: str = ""

    async def rows(self, sources: Sources, statement: str, *values: object) -> Rows:
        """Return what one SELECT answers, asked once a pass.

        Raises:
            ProbeError: as `OneDatabase.rows`, or the role could do too much.
        """
        await self.harmless(sources)
        return await super().rows(sources, statement, *values)

    async def harmless(self, sources: Sources) -> None:
        """Refuse to look as a role whose statements reach beyond its transaction.

        https://www.postgresql.org/docs/16/predefined-roles.html

        Raises:
            ProbeError: it is a superuser, or a member of what is as good.
        """
        role = await self.role(sources)
        if not (role["super"] or role["strong"]):
            return
        is_one = "is a superuser"
        if not role["super"]:
            is_one = f"is a member of {', '.join(role['strong'])}"
        refused = ProbeError(
            f"{role['role']} {is_one}, which is too much for looking",
            source=self.source,
            stage="configuration",
        )
        refused.add_note(
            "Make a role that only looks, with the script in docs/security.md, and "
            "name its address as dsn under [postgres]; actions use admin_dsn."
        )
        raise refused

    async def asked_as(self, sources: Sources) -> str:
        """Return a line for the evidence: with what rights was looked."""
        said = await super().asked_as(sources)
        if not self.shares(await self.role(sources)):
            return said
        return (
            f"{said}\nwarning: this is the application's role too; a role that only "
            "looks is made by the script in docs/security.md"
        )

    def shares(self, role: Row) -> bool:
        """Whether the role that asks is the application's."""
        return bool(role["role"] == self.application)
