"""What can be done about a step, to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from runbooks.remedies import Remedy
from tui.display import content
from tui.keymap import bindings
from tui.screens.left_once import LeftOnce
from tui.screens.picking import Picking
from tui.widgets.finding_text import labelled, plain
from tui.widgets.key_hints import KeyHints
from tui.widgets.pick_list import PickList
from tui.widgets.shown import Shown
from tui.widgets.signs import signs
from tui.widgets.text_view import TextView
from tui.widgets.wording import CLASS_WORDS, CLASSES

HINTS = ("Enter asks, then does it", "the step is looked at again")


class RemedyList(PickList[Remedy]):
    """Commands and actions, with what each may do."""

    def line_of(self, row: Remedy, width: int, here: bool) -> Content:
        first, _, more = row.text.strip().partition("\n")
        known = signs()
        sign = known.cursor if here else " "
        word = CLASS_WORDS[row.command_class]
        cut = f" {known.cut}" if more else ""
        return content(f"{sign} {word:<8}  {first}{cut}").truncate(width, ellipsis=True)


class RemedyScreen(Picking, LeftOnce[Remedy | None]):
    """Dismissed with what is to be done, else with None; the door asks after that.

    Args:
        title: of the step.
    """

    CSS_PATH = "remedies.tcss"
    AUTO_FOCUS = "RemedyList"
    BINDINGS: ClassVar[list[BindingType]] = bindings("remedies", "list", "back")

    def __init__(self, remedies: Sequence[Remedy], title: str) -> None:
        super().__init__()
        self._remedies = remedies
        self._title = title

    def compose(self) -> ComposeResult:
        yield Shown(content(self._title, "bold"), id="title")
        yield RemedyList(self._remedies, id="remedies")
        yield TextView(id="about")
        yield KeyHints(HINTS, id="keys")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        # A key may come before anything is composed.
        return action == "back" or bool(self.query(RemedyList))

    def on_mount(self) -> None:
        self._tell()

    @property
    def _list(self) -> RemedyList:
        return self.query_one(RemedyList)

    def _tell(self) -> None:
        remedy = self._list.picked
        assert remedy is not None
        lines = [plain(remedy.text.strip(), "bold")]
        lines.append(labelled("does", CLASSES[remedy.command_class]))
        undo = "said once it was looked at" if remedy.action else "nobody said"
        lines.append(labelled("undo", remedy.undo or undo))
        self.query_one(TextView).show(lines)

    def _moved(self) -> None:
        self._tell()

    def action_choose(self) -> None:
        self.dismiss(self._list.picked)

    def action_back(self) -> None:
        self.dismiss(None)
