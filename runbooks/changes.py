"""What an action says of itself: the system, the calls, the objects, the way back.

Plain values: describing makes them, the screen shows them, the journal keeps them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from runbooks.tables import ActionSpec

ROWS = "rows of "
"""Beginning of the names under which a snapshot holds numbers of rows."""


class Call(msgspec.Struct, frozen=True):
    """One request or command that changes something, exactly as it will be made.

    Attributes:
        text: ``PATCH /apis/apps/v1/namespaces/…`` or a command line.
        body: what is sent along, for people to read, or "".
    """

    text: str
    body: str = ""


class Thing(msgspec.Struct, frozen=True):
    """A live object that is touched, known by more than its name.

    Attributes:
        kind: as its API says, ``Deployment`` or ``container``.
        id: what tells it from another one of that name: uid, full container id, pid
            with its start.
        version: what changes when somebody changes what is asked of it (not with its
            status): generation, revision, config hash; "" where there is none.
    """

    kind: str
    name: str
    id: str = ""
    version: str = ""


class Change(msgspec.Struct, frozen=True):
    """One difference that people should read before they agree."""

    what: str
    before: str
    after: str


class Precondition(msgspec.Struct, frozen=True):
    """Something that has to hold before anything is changed.

    Attributes:
        says: what was looked at and found, a sentence.
        holds: None where nobody could look; it then counts as not holding.
    """

    says: str
    holds: bool | None


class Undo(msgspec.Struct, frozen=True):
    """How an action is taken back: by an action, by a command, or not at all.

    Attributes:
        use, parameters: the action that takes it back.
        command: the command line that does, where no action of ours does.
        irreversible: why nothing takes it back, or "".
    """

    use: str = ""
    parameters: Mapping[str, Any] = {}
    command: str = ""
    irreversible: str = ""

    @property
    def asked(self) -> ActionSpec | None:
        """The action that takes it back, None where none of ours does."""
        return ActionSpec(self.use, self.parameters) if self.use else None

    def is_done_by(self, asked: ActionSpec) -> bool:
        """Whether *asked* is the action that takes it back."""
        same = self.parameters.items() <= asked.parameters.items()
        return self.use == asked.use and bool(self.use) and same

    def __str__(self) -> str:
        if self.irreversible:
            return f"cannot be taken back: {self.irreversible}"
        words = (f"{name}={value}" for name, value in self.parameters.items())
        said = self.command or " ".join([self.use, *words]).strip()
        return said or "nobody said how it is taken back"


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One release of a workload, live or former.

    Attributes:
        workload: as its system calls it, ``Deployment/api`` or ``service api``.
        revision: its number there, or what else it is known by.
        image: one, or several with commas between.
        at: when it came, or where nothing tells that, when it was made; ISO 8601 or "".
        by: who brought it, as far as anything there tells, or "".
        healthy: seconds for which it ran with all that it should have, None where
            nobody knows.
        ran: seconds for which it was the one that was asked for, however well it ran;
            None where nobody knows.
        live: whether it is what runs now.
        undo: how it is brought back; nothing for the one that is live.
        takes: seconds that bringing it back takes at most, None where nobody knows.
        point_of_no_return: after what the one that is live cannot be had again, or "".
        watch: which reading should make one bring it back, or "".
    """

    workload: str
    revision: str
    image: str = ""
    at: str = ""
    by: str = ""
    healthy: float | None = None
    ran: float | None = None
    live: bool = False
    undo: Undo = Undo()
    takes: float | None = None
    point_of_no_return: str = ""
    watch: str = ""


class Identity(msgspec.Struct, frozen=True):
    """Which system it is, told by itself and not by its address.

    Attributes:
        table: the profile's table that leads there.
        id: uid of a cluster with the namespace, system identifier of a database with
            its name, id of a Docker Engine.
        says: the same for people, ``cluster 7f3c… namespace shop``.
    """

    table: str
    id: str
    says: str


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What an action would do now, from looking at what there is now.

    Attributes:
        title: one line, such as ``roll back Deployment/api from revision 42 to 41``.
        calls: everything that will be sent, in order.
        things: the live objects that are touched.
        count: how many there are of what people count (pods, sessions, images),
            where that is not the number of `things`.
        changes: the difference that it makes.
        stays: what people may expect to change and does not.
        fights: who else controls the objects, and what they will do to the change.
        preconditions: what has to hold.
        dry_run: what the system said to the same calls without effect, "" where it
            has no dry run.
        undo: how it is taken back.
        loose_end: what is left different on purpose until it is taken back, or "".
        seconds: how long it takes at most, None where nobody knows.
        point_of_no_return: after what it cannot be taken back, or "".
        watch: which reading should make one go back, or "".
        snapshot: the state before, by what is compared afterwards.
        outcome: the part of the state that has to be so afterwards.
        pins: what performing it needs of this look; never a secret.
        settles: parameters with which looking again means exactly what was shown,
            where those that were asked for leave a choice.
    """

    title: str
    identity: Identity
    calls: tuple[Call, ...]
    things: tuple[Thing, ...]
    undo: Undo
    count: int | None = None
    changes: tuple[Change, ...] = ()
    stays: tuple[str, ...] = ()
    fights: tuple[str, ...] = ()
    preconditions: tuple[Precondition, ...] = ()
    dry_run: str = ""
    loose_end: str = ""
    seconds: float | None = None
    point_of_no_return: str = ""
    watch: str = ""
    snapshot: Mapping[str, str] = {}
    outcome: Mapping[str, str] = {}
    pins: Mapping[str, Any] = {}
    settles: Mapping[str, Any] = {}

    def way_back(self, asked: ActionSpec) -> Undo:
        """Return how it is taken back: as the document says where no action does it."""
        return (
            Undo(command=asked.undo) if asked.undo and not self.undo.use else self.undo
        )

    @property
    def digest(self) -> str:
        """sha256 hex of what a person agrees to; another one needs another yes."""
        agreed = (
            self.title,
            self.identity,
            self.calls,
            self.things,
            self.count,
            self.changes,
            self.undo,
        )
        return hashlib.sha256(
            msgspec.json.encode(agreed, order="deterministic")
        ).hexdigest()

    @property
    def unmet(self) -> tuple[str, ...]:
        """What keeps it from being done, a sentence each."""
        return tuple(each.says for each in self.preconditions if not each.holds)


def unlike(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Return what one state has unlike the other, a sentence each.

    A database at work gets rows all the time; that some are gone, or a table is, is
    what matters. Estimates say nothing.
    """
    said = []
    for name, was in before.items():
        now = after.get(name)
        if now == was or (now and _only_more_rows(name, was, now)):
            continue
        said.append(f"{name} is {now or 'not known'}, was {was}")
    if any(name.startswith(ROWS) for name in before):
        new = [n for n in after if n.startswith(ROWS) and n not in before]
        said += [
            f"{name} is {after[name]}, and there was no such table" for name in new
        ]
    return tuple(said)


def _only_more_rows(name: str, was: str, now: str) -> bool:
    if not name.startswith(ROWS):
        return False
    if not (was.isdecimal() and now.isdecimal()):
        return True
    return int(now) >= int(was)


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an action under way has come.

    Attributes:
        says: one line of text, which also is the next line of its output.
        bars: name to done and of how many (``new revision 41``: (3, 6)).
        deadline: seconds that have gone and that there are, None without one.
    """

    says: str = ""
    bars: Mapping[str, tuple[int, int]] = {}
    deadline: tuple[float, float] | None = None
