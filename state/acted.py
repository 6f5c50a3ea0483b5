"""What actions of a run did: how each ended, and what it left different on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from runbooks.changes import Undo, unlike
from runbooks.events import Event, Kind
from runbooks.tables import ActionSpec
from state import entries
from state.author import person


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """One action of a run.

    Attributes:
        id: name of its files under outputs/.
        step: id of the step that it belongs to, or "".
        undoes: id of the action that it is to take back, or "".
        ending: "" while it is under way, else ``done``, ``failed``, ``refused`` or
            ``in doubt``.
        says: what the state is now and what to do next.
        takes: seconds that it takes at most, as was said before, None if nobody did.
        point_of_no_return, watch: as `Description` says them.
        undone: id of the action that took it back, or "".
        seq: sequence number of the event of its request.
        accepted: why what it left different is to stay so, or "".
        verify: ids of the steps whose probes see what it did.
        settled: how it is known by now that an interrupted one is all right, or "".
    """

    id: str
    step: str
    use: str
    parameters: Mapping[str, Any]
    title: str
    by: str
    at: str
    undo: Undo
    takes: float | None = None
    point_of_no_return: str = ""
    watch: str = ""
    loose_end: str = ""
    undoes: str = ""
    before: Mapping[str, str] = {}
    after: Mapping[str, str] = {}
    ending: str = ""
    says: str = ""
    seconds: float = 0.0
    undone: str = ""
    accepted: str = ""
    verify: tuple[str, ...] = ()
    settled: str = ""
    seq: int = 0

    @property
    def asked(self) -> ActionSpec:
        """What was asked for: the same again would do the same again."""
        return ActionSpec(self.use, self.parameters)

    @property
    def stands(self) -> bool:
        """Whether it may have changed something that nobody took back.

        Taking back is not counted as a change: whoever takes everything back would
        take that back too.
        """
        return self.ending != "refused" and not self.undone and not self.undoes

    @property
    def is_loose(self) -> bool:
        """Whether it left something different that nobody took back or accepted."""
        return bool(self.loose_end) and self.stands and not self.accepted


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
                takes=data.get("takes"),
                point_of_no_return=data.get("point_of_no_return", ""),
                watch=data.get("watch", ""),
                loose_end=data["loose_end"],
                undoes=data["undoes"],
                before=data["before"],
                verify=tuple(data.get("verify", ())),
                seq=event.seq,
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
                _take_back(actions, ended)
        case Kind.LOOSE_END_ACCEPTED:
            kept = replace(actions[data["command"]], accepted=data["note"])
            actions[kept.id] = kept


def _take_back(actions: Actions, by: Acted) -> None:
    """Mark what *by* took back; where that was a taking back, its change is there
    again."""
    taken_back = replace(actions[by.undoes], undone=by.id)
    actions[taken_back.id] = taken_back
    if again := actions.get(taken_back.undoes):
        actions[again.id] = replace(again, undone="")


def unlike_before(actions: Mapping[str, Acted], acted: Acted) -> tuple[str, ...]:
    """Return what a taking back left unlike it was, a sentence each.

    That it was done says only that its own outcome is there; what is equal to the
    state before the change is what was wanted.
    """
    undone = actions.get(acted.undoes)
    return unlike(undone.before, acted.after) if undone else ()


def unlike_before_all(
    actions: Mapping[str, Acted], ids: Iterable[str]
) -> tuple[str, ...]:
    """Return what is unlike it was before the actions *ids*, all of them taken back.

    Of each thing the state before the first change of it is compared with the one
    after the last.
    """
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    wanted = set(ids)
    for acted in actions.values():
        if acted.id in wanted:
            before = {**acted.before, **before}
        elif acted.undoes in wanted:
            after.update(acted.after)
    return unlike(before, after)


def taken_back_by(actions: Mapping[str, Acted], asked: ActionSpec) -> str:
    """Return the id of the last action that *asked* would take back, or ""."""
    for acted in reversed(list(actions.values())):
        gone = acted.ending == "refused" or acted.undone
        if not gone and acted.undo.is_done_by(asked):
            return acted.id
    return ""


def standing(actions: Mapping[str, Acted]) -> Iterator[Acted]:
    """Yield what changed something and was not taken back, newest first."""
    return (acted for acted in reversed(list(actions.values())) if acted.stands)


def loose_ends(actions: Mapping[str, Acted]) -> Iterator[Acted]:
    """Yield what is left different on purpose, newest first."""
    return (acted for acted in standing(actions) if acted.is_loose)


def reminder(actions: Mapping[str, Acted]) -> str:
    """Return the sentence for whoever opens a run with loose ends, else ""."""
    loose = left_open(actions)
    if not loose:
        return ""
    more = f", and {len(loose) - 1} more" if len(loose) > 1 else ""
    return f"Not taken back yet: {loose[0]}{more}; L lists what was left open."


def left_open(actions: Mapping[str, Acted]) -> tuple[str, ...]:
    """Return what is left different on purpose, a sentence each, newest first."""
    return tuple(f"{one.loose_end}, by {one.by}" for one in loose_ends(actions))
