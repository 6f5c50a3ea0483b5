"""Who has a run open on this machine: counted from its journal, asking nobody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runbooks.events import Event, Kind
from runbooks.processes import boot_id, lives
from state.author import person

MARKS = (b'"run_opened"', b'"run_closed"')


@dataclass(frozen=True, slots=True)
class Member:
    """One process that has the run open.

    Attributes:
        at: when it opened the run, ISO 8601.
        start: when the process began, in clock ticks since boot; None in journals
            that do not say.
    """

    name: str
    host: str
    pid: int
    at: str
    start: int | None

    def __str__(self) -> str:
        then = datetime.fromisoformat(self.at).astimezone(UTC)
        return f"{self.name} on {self.host} (process {self.pid}) since {then:%H:%MZ}"


class Crew:
    """Those who opened this run on this machine, and whose process still lives.

    Args:
        by: who we are: ``host`` and ``pid``, as in events.
    """

    def __init__(self, by: Mapping[str, Any]) -> None:
        self._own = by.get("pid")
        self._host = by.get("host")
        self._boot = boot_id()
        self._members: dict[int, Member] = {}

    def read(self, journal: Path) -> None:
        """Learn from *journal* who opened the run before us."""
        try:
            with journal.open("rb") as lines:
                for line in lines:
                    if any(mark in line for mark in MARKS):
                        said = json.loads(line)
                        self._take(said)
        except (OSError, ValueError, KeyError):
            return  # the engine reads it too, and tells what is wrong with it

    def hear(self, event: Event) -> None:
        """Take note of who opened or closed the run just now."""
        self._take(
            {
                "kind": event.kind,
                "by": event.by,
                "boot": event.boot,
                "at": event.at,
                "data": event.data,
            }
        )

    def _take(self, event: Mapping[str, Any]) -> None:
        by = event["by"]
        pid = by.get("pid")
        if not isinstance(pid, int) or pid == self._own or by.get("host") != self._host:
            return
        if event["kind"] == Kind.RUN_OPENED and event["boot"] == self._boot:
            start = event["data"].get("start")
            host = str(by.get("host"))
            self._members[pid] = Member(person(by), host, pid, event["at"], start)
        elif event["kind"] == Kind.RUN_CLOSED:
            self._members.pop(pid, None)

    @property
    def others(self) -> tuple[Member, ...]:
        """Those who are there at this moment besides us, in the order they came."""
        there = [m for m in self._members.values() if lives(m.pid, m.start)]
        self._members = {member.pid: member for member in there}
        return tuple(there)
