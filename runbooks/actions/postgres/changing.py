"""The door by which actions change something on a PostgreSQL server.

Probes ask in transactions that are READ ONLY. Here each statement gets one that is
not, with limits of its own, on a connection that nothing else uses.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from runbooks.errors import ActionError, ProbeError
from runbooks.probes.postgres.connection import Row, Rows, explained, failures, opened
from runbooks.probes.postgres.dsn import Address

if TYPE_CHECKING:
    import asyncpg  # type: ignore[import-untyped]

_BEGIN = (
    "begin; set local statement_timeout = '10s'; set local lock_timeout = '3s'; "
    "set local idle_in_transaction_session_timeout = '10s'"
)
_ENDINGS = ("08", "57P")
"""How the codes of errors begin that end a session: the connection, a shutdown.
https://www.postgresql.org/docs/16/errcodes-appendix.html"""


class Changes:
    """A connection by which one statement at a time is sent."""

    def __init__(self, connection: asyncpg.Connection[Any], source: str) -> None:
        self._connection = connection
        self._source = source

    async def send(self, statement: str, *values: object) -> Rows:
        """Run one statement and return what it answers.

        Raises:
            ActionError: the server refused it, so that it changed nothing; or the
                connection was lost, so that nobody knows.
        """
        sent = False
        try:
            await self._connection.execute(_BEGIN)
            sent = True
            rows = await self._connection.fetch(statement, *values)
        except failures() as error:
            lost = self._is_lost(error)
            said = explained(error, self._source, self._connection.is_closed())
            raise ActionError(
                str(said), changed=None if lost and sent else False
            ) from error
        # What it answered is known, whether or not the transaction still ends well.
        with suppress(*failures()):
            await self._connection.execute("commit")
        return [dict(row) for row in rows]

    async def row(self, statement: str) -> Row:
        """Return the only row that a SELECT answers.

        Raises:
            ActionError: as `send`.
        """
        (row,) = await self.send(statement)
        return row

    def _is_lost(self, error: Exception) -> bool:
        state = getattr(error, "sqlstate", None)
        if self._connection.is_closed() or state is None:
            return True
        return str(state).startswith(_ENDINGS)


@asynccontextmanager
async def changing(where: Address, source: str) -> AsyncIterator[Changes]:
    """Connect while the context lasts.

    Raises:
        ActionError: there is no connection; nothing was changed.
    """
    opening = opened(where, source)
    try:
        connection = await opening.__aenter__()
    except ProbeError as error:
        raise ActionError(str(error), changed=False) from error
    try:
        yield Changes(connection, source)
    finally:
        await opening.__aexit__(None, None, None)
