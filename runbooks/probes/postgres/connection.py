"""A connection to PostgreSQL: the one place that knows asyncpg.

A database gets one connection a pass for what is always asked, on which every look is
a transaction of its own that is READ ONLY, holds one statement and is rolled back; a
statement that somebody wrote into a document gets a connection of its own.
https://www.postgresql.org/docs/16/sql-set-transaction.html: such a transaction
refuses every statement that writes. It does not stop functions with effects of their
own (``pg_terminate_backend``), see `runbooks.probes.postgres.statement`, and a role
that is too strong is refused, see `runbooks.probes.postgres.probe`.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from runbooks.errors import ProbeError
from runbooks.probes.postgres.dsn import Address
from runbooks.probes.postgres.transaction import STATEMENT, begin, name
from runbooks.probes.sources import Sources

if TYPE_CHECKING:
    import asyncpg  # type: ignore[import-untyped]

_END = "rollback; "
LONGEST = 30
"""Seconds that connecting may take; a probe has its own budget."""
ENDING = 2
"""Seconds that a server may take to end a transaction;
one that is silent would keep the whole pass waiting."""
ALONE = 3
"""Connections at a time for statements of documents."""

Row = Mapping[str, Any]
Rows = Sequence[Row]


class Database:
    """A connection that answers one question at a time.

    The end of one transaction travels with the begin of the next while questions
    wait: a database is often far from where it is looked at, and each way counts.
    """

    def __init__(
        self, connection: asyncpg.Connection[Any], where: Address, source: str
    ) -> None:
        self._connection = connection
        self._where = where
        self._source = source
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._alone = asyncio.Semaphore(ALONE)

    async def ask(
        self, sources: Sources, statement: str, values: tuple[object, ...]
    ) -> Rows:
        """Run one statement on its own, with *values* for ``$1`` and so on.

        Raises:
            ProbeError: no right, no time, no connection any more, or the server
                refuses it.
        """
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        sources.asked(self._source)
        try:
            return await self._transaction(statement, values)
        except failures() as error:
            closed = self._connection.is_closed()
            raise explained(error, self._source, closed) from error
        finally:
            self._turn.release()

    async def ask_alone(self, sources: Sources, statement: str, most: int) -> Rows:
        """Run one statement on a connection of its own and return *most* rows of it.

        What it leaves in its session, such as a lock, ends with it.

        Raises:
            ProbeError: as `ask`.
        """
        async with self._alone, opened(self._where, self._source) as connection:
            sources.asked(self._source)
            try:
                await connection.execute(_begin(connection))
                # Without a name, as poolers mix up prepared statements with one.
                prepared = await connection.prepare(statement, name="")
                cursor = await prepared.cursor()
                rows = [dict(row) for row in await cursor.fetch(most)]
                await connection.execute(_END)
                return rows
            except failures() as error:
                closed = connection.is_closed()
                raise explained(error, self._source, closed) from error

    async def _transaction(self, statement: str, values: tuple[object, ...]) -> Rows:
        connection = self._connection
        left = _END if connection.is_in_transaction() else ""
        await connection.execute(left + _begin(connection))
        try:
            return [dict(row) for row in await connection.fetch(statement, *values)]
        finally:
            if not self._waiting and not connection.is_closed():
                await self._end()

    async def _end(self) -> None:
        """End the transaction, or the connection where nobody answers that."""
        try:
            async with asyncio.timeout(ENDING):
                await self._connection.execute(_END)
        except TimeoutError:
            self._connection.terminate()


def _begin(connection: asyncpg.Connection[Any]) -> str:
    return begin(connection.get_server_version().major)


@asynccontextmanager
async def connected(where: Address, source: str) -> AsyncIterator[Database]:
    """Connect while the context lasts, for looking.

    Raises:
        ProbeError: the stage says how far it came.
    """
    async with opened(where, source) as connection:
        yield Database(connection, where, source)


@asynccontextmanager
async def opened(where: Address, source: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    """Connect while the context lasts; only actions send more than looks by it.

    Raises:
        ProbeError: the stage says how far it came.
    """
    # Slow to import and needed by few runbooks; the loop goes on meanwhile.
    wire = await asyncio.to_thread(import_module, "runbooks.probes.postgres.wire")
    import asyncpg

    asyncpg.protocol.Protocol = wire.Checked  # asyncpg takes no other way to say so

    _check_authorities(where.ca, source)
    named = {} if "application_name=" in where.url else {"application_name": name()}
    try:
        # Poolers in transaction mode mix up prepared statements that are kept.
        connection = await asyncpg.connect(
            where.url,
            statement_cache_size=0,
            timeout=LONGEST,
            command_timeout=LONGEST,
            server_settings=named,
        )
    except failures() as error:
        raise explained(error, source) from error
    try:
        yield connection
    finally:
        try:
            await connection.close(timeout=1)
        except failures():
            connection.terminate()


def failures() -> tuple[type[Exception], ...]:
    """Return what asyncpg raises when looking does not come off.

    Some of it comes from answers that are none of the protocol.
    """
    import asyncpg
    from asyncpg.pgproto import pgproto  # type: ignore[import-untyped]

    return (
        OSError,
        ValueError,
        AssertionError,
        BufferError,  # it has one of its own of that name, too
        pgproto.BufferError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
    )


def is_full(error: BaseException | None) -> bool:
    """Whether nobody could look because all connections are taken."""
    import asyncpg

    while error is not None:
        if isinstance(error, asyncpg.TooManyConnectionsError):
            return True
        error = error.__cause__
    return False


def _check_authorities(file: str, source: str) -> None:
    """Say which file cannot be used, as neither asyncpg nor ssl does.

    Raises:
        ProbeError: it is not there or holds no certificate.
    """
    if not file:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except OSError as error:
        said = f"no certificate can be read from {file}"
        raise ProbeError(said, source=source, stage="configuration") from error


def explained(error: Exception, source: str, closed: bool = False) -> ProbeError:
    """Say in plain words what asyncpg raises on a connection that was *closed*."""
    import asyncpg

    where = source.removeprefix("postgres ").rpartition("/")[0]
    match error:
        case socket.gaierror():
            said, stage = f"{where} has no address", "name"
        case ssl.SSLCertVerificationError():
            said, stage = f"certificate of {where}: {error.verify_message}", "tls"
        case ssl.SSLError():
            said, stage = f"no TLS with {where}: {error.reason or error}", "tls"
        case FileNotFoundError() if where.startswith("/"):
            said, stage = f"there is no socket in {where}", "tcp"
        case FileNotFoundError():
            said, stage = f"a file of TLS for {where} is not there", "configuration"
        case ConnectionRefusedError():
            said, stage = f"{where} refused the connection", "tcp"
        case TimeoutError():
            said, stage = f"{where} gave no answer in {LONGEST} s", "timeout"
        case ConnectionError() if "rejected SSL" in str(error):
            said, stage = f"{where} does without TLS", "tls"
        case OSError():
            said, stage = f"no connection to {where}: {error.strerror or error}", "tcp"
        case (
            asyncpg.InvalidPasswordError()
            | asyncpg.InvalidAuthorizationSpecificationError()
            | asyncpg.InvalidCatalogNameError()
            | asyncpg.TooManyConnectionsError()
        ):
            said, stage = f"{where} refused the login: {error.args[0]}", "login"
        case asyncpg.ConnectionDoesNotExistError():
            said, stage = f"{where} broke off the connection", "tcp"
        case _ if closed:
            said, stage = f"{where} broke off the connection", "tcp"
        case asyncpg.QueryCanceledError():
            said, stage = f"no answer in {STATEMENT} s", "timeout"
        case asyncpg.InsufficientPrivilegeError():
            said, stage = str(error.args[0]) or f"{where} refuses it", "query"
        case asyncpg.ClientConfigurationError():
            said, stage = f"the address does not fit: {error.args[0]}", "configuration"
        case asyncpg.PostgresError():
            said, stage = f"the server says: {error.args[0]}", "query"
        case _:
            said, stage = f"{where} gave no answer that PostgreSQL gives", "query"
    return ProbeError(said[:200], source=source, stage=stage)
