"""The way back: what this run changed and what ran before, each with its undo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from runbooks.changes import Revision, Undo
from state.changed import Changed
from tui.display import content
from tui.keymap import bindings
from tui.screens.left_once import LeftOnce
from tui.screens.picking import Picking
from tui.widgets.key_hints import KeyHints
from tui.widgets.shown import Shown
from tui.widgets.text_view import Paragraph, TextView
from tui.widgets.way_back_list import (
    Row,
    WayBackList,
    about,
    before,
    plan_in_short,
)

if TYPE_CHECKING:
    from runbooks.histories import Histories

CHANGED = "What this run changed, newest first"
NOTHING = f"{CHANGED}: nothing by an action or a command yet"
ELSEWHERE = (
    "What came from elsewhere is taken back where it came from, or by bringing back "
    "what ran before."
)
HINTS = (
    "Enter take back",
    "v mark",
    "a leave as it is",
    "R all, or those marked",
)


@dataclass(frozen=True, slots=True)
class TakeBack:
    """These are to be taken back, in this order."""

    changes: tuple[Changed, ...]


@dataclass(frozen=True, slots=True)
class BringBack:
    """This former release is to run again."""

    revision: Revision


@dataclass(frozen=True, slots=True)
class Leave:
    """This is to stay as it is."""

    change: Changed


Wanted = TakeBack | BringBack | Leave


class WayBackScreen(Picking, LeftOnce[Wanted | None]):
    """Dismissed with what is wanted, else with None.

    Args:
        changes: what was changed, newest first.
        title: what these are.
        past: also show what ran before, once `remember` says it.
    """

    CSS_PATH = "way_back.tcss"
    AUTO_FOCUS = "WayBackList"
    BINDINGS: ClassVar[list[BindingType]] = bindings("way-back", "list", "back")

    def __init__(
        self, changes: Sequence[Changed], title: str = CHANGED, past: bool = True
    ) -> None:
        super().__init__()
        self._changes = changes
        self._title = title
        self._past = past
        self._found: Histories | None = None

    def compose(self) -> ComposeResult:
        yield WayBackList((), id="rows")
        yield TextView(id="about")
        yield Shown(id="said")
        yield KeyHints(HINTS, id="keys")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        # A key may come before anything is composed.
        return action == "back" or bool(self.query(WayBackList))

    def _rows(self) -> Iterator[Row | str]:
        yield self._title if self._changes else NOTHING
        yield from self._changes
        if self._past:
            yield from before(self._found)

    def on_mount(self) -> None:
        self._fill()

    def remember(self, found: Histories) -> None:
        """Show what ran before, as the systems say."""
        self._found = found
        if self.is_mounted:
            self._fill()

    def _fill(self) -> None:
        self._list.fill(list(self._rows()))
        self._tell()

    @property
    def _list(self) -> WayBackList:
        return self.query_one(WayBackList)

    def _tell(self, problem: str = "") -> None:
        row = self._list.picked
        lines = list(about(row)) if row else [Paragraph(content(ELSEWHERE))]
        self.query_one(TextView).show(lines)
        said = content(problem, "$text-error")
        if not problem:
            said = content(plan_in_short(self._wanted()), "$text-muted")
        self.query_one("#said", Shown).show(said)

    def _wanted(self) -> list[Changed]:
        """What still stands, of that what is marked where anything is."""
        marked = self._list.marked
        return [c for c in self._changes if c.stands and (not marked or c.id in marked)]

    def _moved(self) -> None:
        self._tell()

    def action_undo(self) -> None:
        match self._list.picked:
            case Revision(live=True):
                self._tell("It is what runs now; go to one that ran before it.")
            case Revision() as revision:
                self._leave_with(revision.undo, BringBack(revision))
            case Changed(taken_back=True):
                self._tell("It is taken back already.")
            case Changed() as change:
                self._leave_with(change.undo, TakeBack((change,)))

    def _leave_with(self, undo: Undo, wanted: Wanted) -> None:
        if undo.asked or undo.command:
            self.dismiss(wanted)
        else:
            self._tell(f"{str(undo)[:1].upper()}{str(undo)[1:]}.")

    def action_mark(self) -> None:
        match self._list.picked:
            case Changed(stands=True) as change:
                self._list.marked ^= {change.id}
                self._list.refresh()
                self._tell()
            case _:
                self._tell("Only changes of this run that still stand are marked.")

    def action_undo_all(self) -> None:
        wanted = self._wanted()
        stuck = [c for c in wanted if not (c.undo.asked or c.undo.command)]
        if not wanted:
            self._tell("Nothing that this run changed still stands.")
        elif stuck:
            self._tell(
                f"Not all of it: {stuck[0].title}: {stuck[0].undo}. Mark those that "
                "are to be taken back with v."
            )
        else:
            self.dismiss(TakeBack(tuple(wanted)))

    def action_accept(self) -> None:
        match self._list.picked:
            case Changed() as change if change.loose_end or change.in_doubt:
                self.dismiss(Leave(change))
            case _:
                self._tell(
                    "Only a loose end, or what is in doubt, is left as it is for a "
                    "reason."
                )

    def action_back(self) -> None:
        self.dismiss(None)
