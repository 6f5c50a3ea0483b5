"""Sessions of a server, each known by its process id and the time of its start."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from runbooks.changes import Precondition
from runbooks.errors import ProbeError
from runbooks.probes.postgres.connection import Row

MAY = """(me.rolsuper or not coalesce(them.rolsuper, true) and (
  pg_has_role('pg_signal_backend', 'usage') or pg_has_role(a.usesysid, 'usage')))"""
"""Whether this role may signal that session, as the server decides it.
https://www.postgresql.org/docs/16/functions-admin.html#FUNCTIONS-ADMIN-SIGNAL"""
FROM = """
from pg_stat_activity a
  join pg_roles me on me.rolname = current_user
  left join pg_roles them on them.oid = a.usesysid
"""


class Session(msgspec.Struct, frozen=True):
    """One session, as it was shown.

    Attributes:
        started: when it began, ISO 8601; with the pid it is never another one.
        application, address: as it says of itself; "" where it says nothing.
    """

    pid: int
    started: str
    role: str = ""
    application: str = ""
    address: str = ""

    @property
    def id(self) -> str:
        return f"{self.pid} since {self.started}"

    @property
    def name(self) -> str:
        """Pid, role, application and address, for people."""
        application = self.application or "without a name"
        where = f" from {self.address}" if self.address else ""
        return f"{self.pid} {self.role}, {application}{where}"


def session(row: Row) -> Session:
    """Return the session of a row with the columns of `COLUMNS`."""
    started = row["backend_start"]  # not shown to everybody
    return Session(
        row["pid"],
        written(started) if started else "",
        row["role"] or "",
        row["application"] or "",
        row["address"] or "",
    )


COLUMNS = """a.pid, a.backend_start, a.usename::text as role,
  a.application_name as application, host(a.client_addr) as address"""


def written(time: datetime) -> str:
    """Return a time of the server as parameters say it, to the microsecond."""
    return time.astimezone(UTC).isoformat()


def moment(text: str, name: str) -> datetime:
    """Return the time that a parameter says.

    Raises:
        ProbeError: it is none.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        said = f"{name}: {text!r} is no time; write it as pg_stat_activity shows it"
        raise ProbeError(said, stage="configuration") from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def right(role: str, holds: bool, what: str) -> Precondition:
    """Say whether the role may do it, and what to grant where not."""
    if holds:
        return Precondition(f"{role} may {what}", True)
    return Precondition(
        f"{role} may not {what}: GRANT pg_signal_backend TO {role}, or name another "
        "role's address as admin_dsn under [postgres]; only a superuser may signal a "
        "superuser's session",
        False,
    )
