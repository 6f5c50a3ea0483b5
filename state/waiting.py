"""What was to be written down and could not be: kept until it can.

Nothing of it counts meanwhile, and nothing of it is lost while the screen is open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runbooks.events import Kind
from runbooks.tables import CommandClass

ENDS = frozenset({Kind.COMMAND_FINISHED, Kind.ACTION_FINISHED, Kind.RUN_CLOSED})
"""What must be written last: the reserve is for it."""
KEPT = frozenset(
    {
        Kind.DECIDED,
        Kind.UNDONE,
        Kind.NOTED,
        Kind.ATTACHED,
        Kind.DISARMED,
        Kind.LOOSE_END_ACCEPTED,
        Kind.COMMAND_FINISHED,
        Kind.ACTION_FINISHED,
    }
)
"""What nobody can say or see a second time."""


def changes_systems(kind: Kind, data: Mapping[str, Any]) -> bool:
    """Whether this is the request to change a system, or the leave to."""
    if kind is Kind.COMMAND_REQUESTED:
        return bool(data["class"] != CommandClass.OBSERVE.value)
    return kind in (Kind.ACTION_REQUESTED, Kind.ARMED)


@dataclass(frozen=True, slots=True)
class Unwritten:
    """One thing that is to become an event."""

    kind: Kind
    step: str | None
    data: Mapping[str, Any]

    def __str__(self) -> str:
        said = (self.data.get(key) for key in ("answer", "note", "text", "value"))
        return " ".join(
            [self.kind.value, self.step or "", *map(str, filter(None, said))]
        )


class Waiting:
    """Things that wait to be written down, in their order."""

    def __init__(self) -> None:
        self._things: list[Unwritten] = []

    def __len__(self) -> int:
        return len(self._things)

    def __iter__(self) -> Iterator[Unwritten]:
        return iter(self._things)

    def __str__(self) -> str:
        return "1 thing is" if len(self) == 1 else f"{len(self)} things are"

    def keep(self, kind: Kind, step: str | None, data: Mapping[str, Any]) -> bool:
        """Keep a thing, if it is one to be kept; of two decisions on a step the later.

        Returns:
            Whether it is kept.
        """
        if kind not in KEPT:
            return False
        if kind is Kind.DECIDED:
            self.forget(step)
        self._things.append(Unwritten(kind, step, data))
        return True

    def forget(self, step: str | None) -> bool:
        """Drop the decision on *step* that waits; return whether there was one."""
        others = [
            thing
            for thing in self._things
            if not (thing.kind is Kind.DECIDED and thing.step == step)
        ]
        found, self._things = len(others) < len(self._things), others
        return found

    def last_decided(self) -> str:
        """Return the step of the last decision that waits, or ""."""
        for thing in reversed(self._things):
            if thing.kind is Kind.DECIDED:
                return thing.step or ""
        return ""

    def first(self) -> Unwritten | None:
        return self._things[0] if self._things else None

    def written(self) -> None:
        """The first one is on disk."""
        del self._things[0]

    def steps(self) -> frozenset[str]:
        """Return the ids of steps about which something waits."""
        return frozenset(thing.step for thing in self._things if thing.step)
