"""What actions of a run did: how each ended, and what it left different on purpose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from runbooks.changes import Undo
from runbooks.events import Event, Kind
from state import entries
from state.author import person


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """One action of a run.

    Attributes:
        id: name of its files under outputs/.
        step: id of the step that it belongs to, or "".
        ending: "" while it is under way, else ``done``, ``failed``, ``refused`` or
            ``in doubt``.
        says: what the state is now and what to do next.
        undone: id of the action that took it back, or "".
        accepted: why what it left different is to stay so, or "".
    """

    id: str
    step: str
    use: str
    parameters: Mapping[str, Any]
    title: str
    by: str
    at: str
    undo: Undo
    loose_end: str = ""
    undoes: str = ""
    before: Mapping[str, str] = {}
    after: Mapping[str, str] = {}
    ending: str = ""
    says: str = ""
    seconds: float = 0.0
    undone: str = ""
    accepted: str = ""

    @property
    def is_loose(self) -> bool:
        """Whether it left something different that nobody took back or accepted."""
        stands = self.ending != "refused" and not self.undone
        return bool(self.loose_end) and stands and not self.accepted


Actions = dict[str, Acted]


def apply(actions: Actions, event: Event) -> None:
    """Add an event on an action to *actions*, in the order in which they came."""
    data = event.data
    match event.kind:
        case Kind.ACTION_REQUESTED:
            actions[data["command"]] = Acted(
                id=data["command"],
                step=event.step or "",
                use=data["use"],
                parameters=data["parameters"],
                title=data["title"],
                by=person(event.by),
                at=event.at,
                undo=entries.undo_of(data),
                loose_end=data["loose_end"],
                undoes=data["undoes"],
                before=data["before"],
            )
        case Kind.ACTION_FINISHED:
            ended = replace(
                actions[data["command"]],
                ending=data["ending"],
                says=data["says"],
                seconds=data["seconds"],
                after=data["after"],
            )
            actions[ended.id] = ended
            if ended.ending == "done" and ended.undoes in actions:
                taken_back = replace(actions[ended.undoes], undone=ended.id)
                actions[ended.undoes] = taken_back
        case Kind.LOOSE_END_ACCEPTED:
            kept = replace(actions[data["command"]], accepted=data["note"])
            actions[kept.id] = kept


def standing(actions: Mapping[str, Acted]) -> Iterator[Acted]:
    """Yield what changed something and was not taken back, newest first."""
    for acted in reversed(list(actions.values())):
        if acted.ending != "refused" and not acted.undone:
            yield acted


def loose_ends(actions: Mapping[str, Acted]) -> Iterator[Acted]:
    """Yield what is left different on purpose, newest first."""
    return (acted for acted in standing(actions) if acted.is_loose)
