"""Ending sessions that have been idle for long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import ClassVar

from runbooks.actions.base import Tell
from runbooks.actions.postgres.action import PostgresAction
from runbooks.actions.postgres.changing import Changes
from runbooks.actions.postgres.sessions import (
    COLUMNS,
    FROM,
    MAY,
    Session,
    moment,
    right,
    session,
)
from runbooks.changes import Call, Description, Precondition, Progress, Thing, Undo
from runbooks.errors import ActionError, ProbeError
from runbooks.parameters import Duration
from runbooks.probes.postgres.connection import Row, Rows
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading

_SESSIONS = f"""
select {COLUMNS}, a.state, now() - a.state_change as age, me.rolname::text as own,
  {MAY} as may
{FROM}
where a.datname = current_database() and a.pid <> pg_backend_pid()
  and coalesce(a.backend_type, 'client backend') = 'client backend'
order by a.state_change
"""
_IDLE = "state = 'idle' and state_change < now() - $3::interval"
_TERMINATE = f"""
select pg_terminate_backend(pid) as sent from pg_stat_activity
where pid = $1 and backend_start = $2 and {_IDLE}
"""
_NEVER = ("*worker*", "gonogo*")
"""Patterns of roles, applications and addresses whose sessions are never ended."""
_TOLD = 12
"""Sessions that one line tells."""


class TerminateIdleAction(PostgresAction, frozen=True, kw_only=True):
    """Ends sessions of this database that have been idle for longer than a time.

    A session that is *idle in transaction* is never ended, nor one of the worker: one
    whose role or application has ``worker`` in its name. Only those that were shown
    are ended, and of these only those that are still idle when their turn comes.

    Attributes:
        idle_for: how long they must have been idle.
        exclude: patterns of roles, applications and addresses that are left alone,
            such as ``"metabase*"`` or ``"10.0.3.*"``.
        sessions: those that are meant, as they were shown; without it all of them.
    """

    idle_for: Duration = Duration(600)
    exclude: tuple[str, ...] = ()
    sessions: tuple[Session, ...] = ()

    # Names of applications come from the server, and may hold anything.
    verbatim: ClassVar[frozenset[str]] = frozenset({"sessions"})

    async def describe(self, sources: Sources) -> Description:
        rows = await self.rows(sources, _SESSIONS)
        idle = {session(row).id: row for row in rows if self._is_meant(row)}
        mine = (session(row) for row in idle.values() if row["may"])
        meant = self.sessions or tuple(mine)
        if not idle and not self.sessions:
            said = f"no session of {self.place} has been idle for {self._long}"
            raise ProbeError(said, source=self.source, stage="query")
        there = [idle[each.id] for each in meant if each.id in idle]
        body = "\n".join(each.id for each in meant)
        return Description(
            title=f"end {len(meant)} idle sessions on {self.place}",
            identity=await self.identity(sources),
            calls=(Call(f"{' '.join(_TERMINATE.split())} -- for each", body),),
            things=tuple(Thing("session", each.name, each.id) for each in meant),
            count=len(meant),
            stays=tuple(self._left(rows, idle)),
            preconditions=(
                right(*self._rights(idle), "end them"),
                _idle_still(there, len(meant)),
            ),
            undo=Undo(
                irreversible="an ended session does not come back; pools open new ones "
                "by themselves when they need them"
            ),
            point_of_no_return="with the first session that is ended",
            watch="errors of the application such as 'terminating connection due to "
            "administrator command'",
            snapshot=self._told(rows, meant),
            outcome=self._told([], meant),
            settles={"sessions": [_parameter(each) for each in meant]},
        )

    @property
    def _long(self) -> str:
        return shown(Reading("", float(self.idle_for), "s"))

    def _is_meant(self, row: Row) -> bool:
        long = row["age"] is not None and row["age"] > timedelta(seconds=self.idle_for)
        return row["state"] == "idle" and long and not self._is_excluded(row)

    def _is_excluded(self, row: Row) -> bool:
        named = (row["role"] or "", row["application"] or "", row["address"] or "")
        patterns = (*_NEVER, *self.exclude)
        return any(
            fnmatchcase(name.lower(), pattern.lower())
            for name in named
            for pattern in patterns
        )

    def _rights(self, idle: Mapping[str, Row]) -> tuple[str, bool]:
        own = next((row["own"] for row in idle.values()), "this role")
        return own, any(row["may"] for row in idle.values()) or not idle

    def _left(self, rows: Rows, idle: Mapping[str, Row]) -> Iterator[str]:
        """Yield what is left alone, and why, a line each."""
        left = {
            "excluded": [row for row in rows if self._is_excluded(row)],
            "idle in a transaction": [
                row for row in rows if str(row["state"]).startswith("idle in")
            ],
            "of roles that it may not signal": [
                row for row in idle.values() if not row["may"]
            ],
            "of which it is not shown what they do": [
                row for row in rows if row["state"] is None
            ],
        }
        for why, which in left.items():
            if names := [session(row).name for row in which]:
                yield _listed(f"left alone, {why}", names)
        if not any("worker" in session(row).name.lower() for row in rows):
            yield (
                "no session says that it is the worker's: name its role or address in "
                "exclude if it has some here"
            )

    def _told(self, rows: Rows, meant: Sequence[Session]) -> Mapping[str, str]:
        """Return the state: which of those that are meant are still idle."""
        idle = {session(row).id for row in rows if self._is_meant(row)}
        still = [str(each.pid) for each in meant if each.id in idle]
        return {f"still idle of {len(meant)}": ", ".join(still) or "none"}

    async def snapshot(self, sources: Sources) -> Mapping[str, str]:
        return self._told(await self.rows(sources, _SESSIONS), self.sessions)

    async def perform(self, description: Description, tell: Tell) -> None:
        ended, total = 0, len(self.sessions)

        def say(text: str) -> None:
            tell(Progress(says=text, bars={"ended": (ended, total)}))

        async with self.changing(description.identity) as changes:
            for each in self.sessions:
                try:
                    sent = await self._end(changes, each)
                except ActionError as error:
                    raise _broken(error, each, ended, total) from error
                ended += sent
                said = "ended" if sent else "left alone, it woke up or had gone"
                say(f"session {each.name}: {said}")
        if not ended:
            said = "none of those shown was idle any more"
            raise ActionError(f"Nothing was changed: {said}.", changed=False)
        say(f"ended {ended} of {total}")

    async def _end(self, changes: Changes, each: Session) -> bool:
        started = moment(each.started, "started")
        span = timedelta(seconds=self.idle_for)
        rows = await changes.send(_TERMINATE, each.pid, started, span)
        return bool(rows and rows[0]["sent"])


def _parameter(each: Session) -> Mapping[str, object]:
    return {
        "pid": each.pid,
        "started": each.started,
        "role": each.role,
        "application": each.application,
        "address": each.address,
    }


def _idle_still(there: Sequence[Row], number: int) -> Precondition:
    ages = [
        f"{row['pid']} for {shown(Reading('', row['age'].total_seconds(), 's'))}"
        for row in there
    ]
    if not there:
        return Precondition("none of those shown is idle any more", False)
    says = _listed("idle", ages)
    if len(there) < number:
        says += f"; {number - len(there)} of those shown woke up or went, left alone"
    return Precondition(says, True)


def _listed(what: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return f"{what}: {'; '.join(names[:_TOLD])}{more}"


def _broken(error: ActionError, each: Session, ended: int, total: int) -> ActionError:
    """Return what to tell when it stopped at *each*."""
    if error.changed is None:
        said = f"whether session {each.pid} was ended nobody knows"
    else:
        said = f"session {each.pid} was not ended"
    changed = None if error.changed is None else bool(ended)
    return ActionError(
        f"{error}. {ended} of {total} sessions were ended, {said}; the others were "
        "left alone. Look at the sessions again before anything else.",
        changed=changed,
    )
