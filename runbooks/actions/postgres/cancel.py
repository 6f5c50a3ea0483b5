"""Cancelling one query."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from runbooks.actions.base import Tell
from runbooks.actions.postgres.action import PostgresAction
from runbooks.actions.postgres.sessions import (
    COLUMNS,
    FROM,
    MAY,
    moment,
    right,
    session,
    written,
)
from runbooks.actions.postgres.statements import legible_statement
from runbooks.changes import (
    Call,
    Change,
    Description,
    Precondition,
    Progress,
    Thing,
    Undo,
)
from runbooks.errors import ActionError, ProbeError
from runbooks.probes.postgres.connection import Row
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading

_QUERY = f"""
select {COLUMNS}, a.query_start, a.state, a.backend_type, left(a.query, 4000) as query,
  a.wait_event_type as waits, now() - a.query_start as age,
  me.rolname::text as own, {MAY} as may
{FROM} where a.pid = $1
"""
_CANCEL = """
select pg_cancel_backend(pid) as sent from pg_stat_activity
where pid = $1 and backend_start = $2 and query_start = $3 and state = 'active'
"""
_RUNS = """
select count(*) as runs from pg_stat_activity
where pid = $1 and backend_start = $2 and query_start = $3 and state = 'active'
"""
_LOST = "nobody knows whether it was cancelled. Look at pg_stat_activity."


class CancelQueryAction(PostgresAction, frozen=True, kw_only=True):
    """Cancels the query that one session runs now, and leaves the session.

    It is known by the pid, the start of the session and the start of the query, so
    that no other query of that session is ever hit. Values in quotes are not shown.

    Attributes:
        pid: process id of the session.
        session_started, query_started: ``backend_start`` and ``query_start`` of
            pg_stat_activity; without them the query that runs when it is looked at
            is meant.
    """

    pid: int
    session_started: str = ""
    query_started: str = ""

    async def describe(self, sources: Sources) -> Description:
        row = await self._running(sources)
        said, started = session(row), written(row["query_start"])
        calls = (Call(_one_line(_CANCEL), f"{said.pid}, {said.started}, {started}"),)
        text = legible_statement(sources.hidden(row["query"]))
        return Description(
            title=f"cancel the query of session {self.pid} on {self.place}",
            identity=await self.identity(sources),
            calls=calls,
            things=(Thing("query", said.name, f"{said.id}, query since {started}"),),
            changes=(Change(f"query of {said.pid}", text, "cancelled"),),
            stays=("the session goes on; it gets an error for this query",),
            preconditions=(
                right(row["own"], row["may"], f"cancel queries of {said.role}"),
                Precondition(f"it {_activity(row)}", True),
            ),
            undo=Undo(
                irreversible="what it did in its transaction is rolled back, and "
                "nothing runs it again but whoever asked for it"
            ),
            point_of_no_return="once the query is cancelled",
            snapshot={self._state: "runs"},
            outcome={self._state: "has ended"},
            settles={"session_started": said.started, "query_started": started},
        )

    async def _running(self, sources: Sources) -> Row:
        """Return the query that is meant, as it runs now.

        Raises:
            ProbeError: it does not, or nobody can see.
        """
        row = next(iter(await self.rows(sources, _QUERY, self.pid)), None)
        if row is None:
            raise self._none(f"there is no session {self.pid}")
        if row["backend_type"] not in (None, "client backend"):
            raise self._none(f"{self.pid} is the server's own {row['backend_type']}")
        if row["state"] is None:
            said = f"{row['own']} may not see what session {self.pid} does"
            error = ProbeError(said, source=self.source, stage="login")
            error.add_note(f"GRANT pg_read_all_stats TO {row['own']}")
            raise error
        if self._is_other(row, "session_started", "backend_start"):
            said = f"{self.pid} is another session now, begun {row['backend_start']}"
            raise self._none(said)
        if row["state"] != "active":
            raise self._none(f"session {self.pid} runs no query, it is {row['state']}")
        if self._is_other(row, "query_started", "query_start"):
            raise self._none(f"session {self.pid} runs another query now")
        return row

    def _is_other(self, row: Row, name: str, column: str) -> bool:
        asked = getattr(self, name)
        return bool(asked) and moment(asked, name) != row[column]

    def _none(self, said: str) -> ProbeError:
        return ProbeError(said, source=self.source, stage="query")

    @property
    def _state(self) -> str:
        return f"query of {self.pid}"

    @property
    def _key(self) -> tuple[object, ...]:
        return (
            self.pid,
            moment(self.session_started, "session_started"),
            moment(self.query_started, "query_started"),
        )

    async def perform(self, description: Description, tell: Tell) -> None:
        async with self.changing(description.identity) as changes:
            try:
                rows = await changes.send(_CANCEL, *self._key)
            except ActionError as error:
                if error.changed is not None:
                    raise
                raise ActionError(f"{error}: {_LOST}", changed=None) from error
        if not rows or not rows[0]["sent"]:
            said = f"The query of session {self.pid} had ended by itself."
            raise ActionError(f"Nothing was changed: {said}", changed=False)
        tell(Progress(says=f"told session {self.pid} to give its query up"))

    async def snapshot(self, sources: Sources) -> Mapping[str, str]:
        runs = (await self.row(sources, _RUNS, *self._key))["runs"]
        return {self._state: "runs" if runs else "has ended"}


def _activity(row: Row) -> str:
    age: timedelta = row["age"]
    since = shown(Reading("", age.total_seconds(), "s"))
    waits = f", and waits for {row['waits']}" if row["waits"] else ""
    return f"has run for {since}{waits}"


def _one_line(statement: str) -> str:
    return " ".join(statement.split())
