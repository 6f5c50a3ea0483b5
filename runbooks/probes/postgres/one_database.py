"""One database that is asked: what probes of it and actions on it have in common."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import quote

from runbooks.errors import ProbeError
from runbooks.parameters import Parametrised
from runbooks.probes.postgres.connection import (
    Database,
    Row,
    Rows,
    connected,
)
from runbooks.probes.postgres.dsn import Address, address
from runbooks.probes.sources import Sources

# A role that was changed to when connecting can be changed back, so both count.
_ROLE = """
select current_user::text as role,
  bool_or(r.rolsuper) as super,
  coalesce(pg_has_role('pg_monitor', 'usage'), false) as monitor,
  array(select s.rolname::text from pg_roles s
    where s.rolname in ('pg_execute_server_program', 'pg_write_server_files',
      'pg_signal_backend') and exists (select from pg_roles o
      where o.rolname in (current_user, session_user)
        and pg_has_role(o.oid, s.oid, 'member'))
    order by 1) as strong
from pg_roles r where r.rolname in (current_user, session_user)
"""


class OneDatabase(Parametrised, frozen=True, kw_only=True):
    """Asks one database; a subclass says what.

    Attributes:
        dsn: address with user and password: a URL, also with SQLAlchemy's driver
            (``postgresql+psycopg://``), or libpq's ``host=… user=…``. TLS as there:
            ``sslmode=verify-full&sslrootcert=FILE``.
        ca: file of the only certificate authorities to trust; the server has to
            prove its name then, unless the address itself says otherwise.
    """

    dsn: str
    ca: str = ""

    table: ClassVar[str] = "postgres"

    @property
    def login(self) -> str:
        """The address by which it is asked."""
        return self.dsn

    @property
    def source(self) -> str:
        try:
            return f"postgres {address(self.login).place}"
        except ValueError:
            return "postgres"

    def address(self) -> Address:
        """Return where the database is.

        Raises:
            ProbeError: the address cannot be read.
        """
        try:
            return address(self.login, self.ca)
        except ValueError as error:
            raise ProbeError(str(error), stage="configuration") from error

    async def rows(self, sources: Sources, statement: str, *values: object) -> Rows:
        """Return what one SELECT answers, asked once a pass.

        Args:
            values: of ``$1`` and so on.

        Raises:
            ProbeError: no connection, no right, no time, or the server refuses it.
        """
        database = await self.database(sources)
        return await sources.once(
            ("postgres", self.address().url, statement, values),
            lambda: database.ask(sources, statement, values),
        )

    async def database(self, sources: Sources) -> Database:
        """Return the connection of this pass.

        Raises:
            ProbeError: there is none.
        """
        where = self.address()
        sources.hide(self.login, where.url, where.password, quote(where.password))
        return await sources.client(
            ("postgres", where.url), lambda: connected(where, self.source)
        )

    async def row(self, sources: Sources, statement: str, *values: object) -> Row:
        """Return the only row that a SELECT answers.

        Raises:
            ProbeError: as `rows`, or there is another number of rows.
        """
        rows = await self.rows(sources, statement, *values)
        if len(rows) != 1:
            said = f"one row was expected and {len(rows)} came"
            raise ProbeError(said, source=self.source, stage="query")
        return rows[0]

    async def role(self, sources: Sources) -> Row:
        """Return the name of the role that asks, and how strong it is."""
        return (await OneDatabase.rows(self, sources, _ROLE))[0]

    async def asked_as(self, sources: Sources) -> str:
        """Return a line for the evidence: with what rights was looked."""
        role = await self.role(sources)
        kind = "a superuser" if role["super"] else "no superuser"
        watches = "reads all statistics" if role["monitor"] else "not in pg_monitor"
        return f"asked as {role['role']}, {kind}, {watches}"
