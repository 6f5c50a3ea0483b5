"""What this run changed, newest first, each with how it is taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from state.acted import Acted
from tui.display import content
from tui.keymap import bindings
from tui.screens.left_once import LeftOnce
from tui.widgets.finding_text import ago
from tui.widgets.pick_list import PickList
from tui.widgets.text_view import Paragraph, TextView
from tui.widgets.wording import age

Wanted = tuple[Literal["undo", "accept"], Acted]
NOTHING = (
    "This run changed nothing by an action. What came from elsewhere has to be taken "
    "back where it came from, or by an action such as a rollback to a former revision."
)
_SIGNS = {"done": "✓", "failed": "✗", "in doubt": "?", "": "…"}


class ActedList(PickList[Acted]):
    """Actions, newest first."""

    def line_of(self, row: Acted, width: int, here: bool) -> Content:
        when = f"{ago(age(row.at, datetime.now(UTC)))}  {row.by} "
        mark = _SIGNS.get(row.ending, " ")
        style = "$text-warning" if row.is_loose else ""
        loose = "  loose end" if row.is_loose else ""
        left = content(f" {mark} {row.title}{loose}", style)
        left = left.truncate(max(8, width - len(when) - 2), ellipsis=True)
        gap = " " * max(1, width - left.cell_length - len(when))
        return Content.assemble(left, gap, content(when, "dim"))


class WayBackScreen(LeftOnce[Wanted | None]):
    """Dismissed with what is to be taken back or left as it is, else with None.

    Args:
        acted: what stands, newest first.
        title: what these are.
    """

    CSS_PATH = "way_back.tcss"
    AUTO_FOCUS = "ActedList"
    BINDINGS: ClassVar[list[BindingType]] = bindings("way-back", "list", "back")

    def __init__(self, acted: Sequence[Acted], title: str) -> None:
        super().__init__()
        self._acted = acted
        self._title = title

    def compose(self) -> ComposeResult:
        yield Static(content(self._title, "bold"), id="title")
        yield ActedList(self._acted, id="acted")
        yield TextView(id="about")
        keys = "Enter take back   a leave as it is   Esc back"
        yield Static(content(keys, "$text-muted"), id="keys")

    def on_mount(self) -> None:
        self._tell()

    @property
    def _list(self) -> ActedList:
        return self.query_one(ActedList)

    def _tell(self) -> None:
        acted = self._list.picked
        lines = list(_about(acted)) if acted else [Paragraph(content(NOTHING))]
        self.query_one(TextView).show(lines)

    def _move(self, by: int) -> None:
        self._list.move(by)
        self._tell()

    def action_cursor_down(self) -> None:
        self._move(1)

    def action_cursor_up(self) -> None:
        self._move(-1)

    def action_page_down(self) -> None:
        self._move(max(1, self._list.size.height - 1))

    def action_page_up(self) -> None:
        self._move(-max(1, self._list.size.height - 1))

    def action_first(self) -> None:
        self._move(-self._list.line_count)

    def action_last(self) -> None:
        self._move(self._list.line_count)

    def action_undo(self) -> None:
        acted = self._list.picked
        if acted and acted.undo.use:
            self.dismiss(("undo", acted))

    def action_accept(self) -> None:
        acted = self._list.picked
        if acted and acted.is_loose:
            self.dismiss(("accept", acted))

    def action_back(self) -> None:
        self.dismiss(None)


def _about(acted: Acted) -> Iterator[Paragraph]:
    yield Paragraph(content(acted.title, "bold"))
    yield Paragraph(content(acted.says or "it is under way"), "ended")
    yield Paragraph(content(str(acted.undo)), "undo")
    if acted.is_loose:
        yield Paragraph(content(acted.loose_end, "$text-warning"), "loose end")
    for name, before in acted.before.items():
        after = acted.after.get(name, "nobody looked")
        changed = f"{before} → {after}" if before != after else before
        yield Paragraph(content(f"{name}: {changed}"), "state")
