"""Who has a run open: known from its events, and from which processes live."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from runbooks.events import Event, Kind
from runbooks.processes import boot_id, lives
from state.author import Author, person


class Member(msgspec.Struct, frozen=True):
    """One process that opened the run.

    Attributes:
        at: when it did, ISO 8601.
        boot: boot of its host.
        start: when the process began, in clock ticks since boot; None in journals
            that do not say.
    """

    name: str
    host: str
    pid: int
    at: str
    boot: str
    start: int | None

    def __str__(self) -> str:
        return f"{self.name} on {self.host} (process {self.pid}){self._since}"

    @property
    def _since(self) -> str:
        try:
            return f" since {datetime.fromisoformat(self.at).astimezone(UTC):%H:%MZ}"
        except ValueError:
            return ""

    @property
    def lives(self) -> bool:
        """Whether that process is still there, as far as this host can tell."""
        return self.boot == boot_id() and lives(self.pid, self.start)


Place = tuple[str, int]
"""Host and process id."""


def place(by: Mapping[str, Any]) -> Place:
    """Return where somebody is who recorded an event."""
    return str(by.get("host", "")), int(by.get("pid", 0))


def apply(members: Mapping[Place, Member], event: Event) -> dict[Place, Member]:
    """Return *members* after somebody opened or closed the run."""
    at = place(event.by)
    others = {key: member for key, member in members.items() if key != at}
    if event.kind is not Kind.RUN_OPENED:
        return others
    start = event.data.get("start")
    new = Member(person(event.by), *at, event.at, event.boot, start)
    return {**others, at: new}


def others(members: Mapping[Place, Member], us: Author) -> tuple[Member, ...]:
    """Return who else is on at this moment, on our host, in the order they came."""
    return tuple(
        member
        for (host, pid), member in members.items()
        if host == us.host and pid != us.pid and member.lives
    )
