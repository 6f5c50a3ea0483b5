"""A dry run on the screen: what would become of each step, command and action."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from runbooks.model import Runbook
from runbooks.planned import Coverage, Planned, Says
from tui.display import content
from tui.keymap import bindings
from tui.plan_text import lines_of
from tui.screens.left_once import LeftOnce
from tui.widgets.key_hints import KeyHints
from tui.widgets.shown import Shown
from tui.widgets.text_view import Paragraph, TextView

_STYLES = {
    Says.RUN: "$text-warning",
    Says.SKIP: "$text-muted",
    Says.LOOKED: "$text-success",
    Says.UNKNOWN: "$text-error",
}


class PlanScreen(LeftOnce[None]):
    """Shows a dry run from beginning to end."""

    CSS_PATH = "plan.tcss"
    AUTO_FOCUS = "#plan"
    BINDINGS: ClassVar[list[BindingType]] = bindings("pager", "back")

    def __init__(self, runbook: Runbook, planned: Sequence[Planned]) -> None:
        super().__init__()
        self._runbook = runbook
        self._planned = planned

    def compose(self) -> ComposeResult:
        yield KeyHints(("Dry run: nothing was changed",), id="title")
        yield TextView(id="plan")
        yield Shown(content(str(Coverage.of(self._planned))), id="coverage")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        # A key may come before anything is composed.
        return action in ("back", "help") or bool(self.query(TextView))

    def on_mount(self) -> None:
        self._view.show(list(self._paragraphs()))

    @property
    def _view(self) -> TextView:
        return self.query_one(TextView)

    def _paragraphs(self) -> Iterator[Paragraph]:
        for section, group in groupby(self._planned, key=lambda each: each.section):
            title = self._runbook.section_by_id[section].title
            yield Paragraph(content(title, "bold"))
            for each in group:
                for number, (label, text) in enumerate(lines_of(each)):
                    style = "" if number else _STYLES[each.says]
                    yield Paragraph(content(text, style), label or " ")
            yield Paragraph(content(" "))

    def action_scroll_down(self) -> None:
        self._view.scroll_by(1)

    def action_scroll_up(self) -> None:
        self._view.scroll_by(-1)

    def action_page_down(self) -> None:
        self._view.scroll_by(max(1, self._view.size.height - 1))

    def action_page_up(self) -> None:
        self._view.scroll_by(-max(1, self._view.size.height - 1))

    def action_scroll_home(self) -> None:
        self._view.scroll_to_line(0)

    def action_scroll_end(self) -> None:
        self._view.scroll_to_line(self._view.last_top)

    def action_back(self) -> None:
        self.dismiss(None)

    def action_help(self) -> None:
        self.app.action_help()  # type: ignore[attr-defined]
