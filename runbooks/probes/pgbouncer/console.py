"""PgBouncer's admin console: the one place that knows pg8000.

The console speaks the simple query protocol alone
(https://www.pgbouncer.org/usage.html#admin-console), which asyncpg does not offer.
pg8000 does, for every statement without parameters. It blocks, so each question is
asked in a daemon thread, and its socket has a limit of its own.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from runbooks.errors import ProbeError
from runbooks.probes.postgres.dsn import Address
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread

if TYPE_CHECKING:
    from pg8000.native import Connection  # type: ignore[import-untyped]

DATABASE = "pgbouncer"
"""The console's name among the databases; its pool is none of an application."""
LONGEST = 8
"""Seconds that connecting or one answer may take; a probe has its own budget."""

MOST = 16 * 1024 * 1024
"""Bytes that are read of a console in a pass."""

Row = Mapping[str, Any]
Rows = Sequence[Row]


class Console:
    """A login to the console, which answers one question at a time."""

    def __init__(self, connection: Connection, where: Address, source: str) -> None:
        self._connection = connection
        self._where = where
        self._source = source
        self._turn = asyncio.Lock()

    async def show(self, sources: Sources, what: str) -> Rows:
        """Return what ``SHOW`` of this answers, by the names of the columns.

        Raises:
            ProbeError: no right, no time, no connection any more, or no console.
        """
        async with self._turn:
            sources.asked(self._source)
            try:
                return await in_thread(lambda: self._rows(what), self._source)
            except _failures() as error:
                raise _explained(error, self._where, self._source, True) from error

    def _rows(self, what: str) -> Rows:
        rows = self._connection.run(f"SHOW {what}") or ()
        names = [column["name"] for column in self._connection.columns or ()]
        return [dict(zip(names, row, strict=True)) for row in rows]


@asynccontextmanager
async def connected(where: Address, source: str) -> AsyncIterator[Console]:
    """Log in while the context lasts.

    Raises:
        ProbeError: the stage says how far it came.
    """

    try:
        connection = await in_thread(lambda: _logged_in(where), source)
    except _failures() as error:
        raise _explained(error, where, source, False) from error
    try:
        yield Console(connection, where, source)
    finally:
        with suppress(*_failures()):
            await in_thread(connection.close, source)


def _logged_in(where: Address) -> Connection:
    from pg8000.native import Connection

    opened = _socket(where)
    try:
        # PgBouncer lets the user of its own name in where nobody needs a password.
        return Connection(
            where.user or DATABASE,
            host=where.host,
            password=where.password,
            database=DATABASE,
            ssl_context=_tls(where),
            sock=opened,
            application_name="gonogo",
        )
    except BaseException:
        # pg8000 leaves it open, or holds files on it that keep close() from closing.
        if (number := opened.detach()) >= 0:
            os.close(number)
        raise


class _Bounded(socket.socket):
    """Reads no more than `MOST` bytes: a server says itself how long its text is."""

    _read = 0

    def recv_into(self, *given: Any, **named: Any) -> int:
        count = super().recv_into(*given, **named)
        self._read += count
        if self._read > MOST:
            raise ValueError(f"more than {MOST} bytes")
        return count


def _socket(where: Address) -> socket.socket:
    bounded = _Bounded(fileno=_opened(where).detach())
    bounded.settimeout(LONGEST)
    return bounded


def _opened(where: Address) -> socket.socket:
    if not where.host.startswith("/"):
        return socket.create_connection((where.host, where.port), LONGEST)
    opened = socket.socket(socket.AF_UNIX)
    opened.settimeout(LONGEST)
    try:
        opened.connect(f"{where.host}/.s.PGSQL.{where.port}")
    except OSError:
        opened.close()
        raise
    return opened


def _tls(where: Address) -> ssl.SSLContext | bool | None:
    """Return what pg8000 takes for TLS, as libpq reads ``sslmode``.

    None stands for ``prefer``. A file of authorities is looked at even where the
    mode alone would not, as in libpq.
    https://www.postgresql.org/docs/16/libpq-ssl.html#LIBPQ-SSL-PROTECTION
    """
    if where.host.startswith("/") or where.sslmode == "disable":
        return False
    if not where.ca and where.sslmode in ("", "allow", "prefer"):
        return None
    context = ssl.create_default_context(cafile=where.ca or None)
    context.check_hostname = where.sslmode == "verify-full"
    if not where.ca and where.sslmode == "require":
        context.verify_mode = ssl.CERT_NONE
    return context


def _failures() -> tuple[type[Exception], ...]:
    """Return what pg8000 raises when looking does not come off.

    The last ones come from answers that are none of the protocol.
    """
    from pg8000.exceptions import Error  # type: ignore[import-untyped]

    return (Error, OSError, LookupError, ValueError, TypeError, struct.error)


def _explained(
    error: Exception, where: Address, source: str, logged_in: bool
) -> ProbeError:
    from pg8000.exceptions import DatabaseError, InterfaceError

    place = where.place.rpartition("/")[0]
    # Of a socket that fails pg8000 tells the cause only so.
    cause = error.__cause__ if isinstance(error, InterfaceError) else None
    match cause or error:
        case socket.gaierror():
            said, stage = f"{place} has no address", "name"
        case ssl.SSLCertVerificationError() as refused:
            said, stage = f"certificate of {place}: {refused.verify_message}", "tls"
        case ssl.SSLError() as broken:
            said, stage = f"no TLS with {place}: {broken.reason or broken}", "tls"
        case FileNotFoundError() if where.host.startswith("/"):
            said, stage = f"there is no socket in {where.host}", "tcp"
        case FileNotFoundError():
            said, stage = f"{where.ca} is not there", "configuration"
        case ConnectionRefusedError():
            said, stage = f"{place} refused the connection", "tcp"
        case TimeoutError():
            said, stage = f"{place} gave no answer in {LONGEST} s", "timeout"
        case OSError() as failed:
            why = failed.strerror or failed
            said, stage = f"no connection to {place}: {why}", "tcp"
        case InterfaceError() if "SSL" in str(error):
            said, stage = f"{place} does without TLS", "tls"
        case InterfaceError():
            said, stage = f"{place} broke off the connection", "tcp"
        case DatabaseError() if logged_in:
            said, stage = f"PgBouncer says: {_message(error)}", "query"
        case DatabaseError():
            said, stage = f"{place} refused the login: {_message(error)}", "login"
        case _:
            said, stage = f"{place} gave no answer that PgBouncer gives", "query"
    explained = ProbeError(said[:200], source=source, stage=stage)
    if stage == "login":
        explained.add_note(
            "name the user under stats_users in pgbouncer.ini, its password in the "
            "file of auth_file, and RELOAD"
        )
    return explained


def _message(error: Exception) -> str:
    """Return what the server says; the error's only argument is a table of fields."""
    fields = error.args[0] if error.args else ""
    return str(fields.get("M", "nothing") if isinstance(fields, dict) else fields)
