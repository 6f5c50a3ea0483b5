"""The keys of the place where help was asked for, and the words for answers."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen

from tui.display import content, joined
from tui.keymap import bindings
from tui.screens.left_once import LeftOnce
from tui.widgets.text_view import Paragraph, TextView

ANSWERS = (
    ("waive", "known bad, accepted until a date"),
    ("n/a", "does not exist here"),
    ("skip", "not now; it stays open"),
    ("by hand", "done elsewhere than here; a probe still decides where one does"),
    ("unknown", "nobody could look; never counts as good"),
)
"""Words that need a line."""


class HelpScreen(LeftOnce[None]):
    """Every key that works on a screen, each with one line.

    Args:
        place: the screen that is explained.
    """

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("pager", "back")

    def __init__(self, place: Screen[Any]) -> None:
        super().__init__()
        self._bindings_there = list(place.active_bindings.values())

    def compose(self) -> ComposeResult:
        view = TextView(id="help")
        view.border_title = content("What the keys do")
        view.border_subtitle = content("Esc back")
        yield view

    def on_mount(self) -> None:
        view = self.query_one(TextView)
        view.show([Paragraph(line) for line in self._lines(self._keys())])
        view.focus()

    def _keys(self) -> dict[str, list[str]]:
        """What is done to the keys that do it, as they are bound now."""
        keys: dict[str, list[str]] = {}
        for _, binding, enabled, _ in self._bindings_there:
            if enabled and binding.id and binding.description:
                shown = self.app.get_key_display(binding)
                keys.setdefault(binding.description, []).append(shown)
        return keys

    def _lines(self, keys: dict[str, list[str]]) -> list[Content]:
        rows = [("  ".join(names), said) for said, names in keys.items()]
        rows += [("", ""), *ANSWERS]
        width = max(cell_len(name) for name, _ in rows) + 2
        return [
            joined(content(name.rjust(width), "bold"), content("   "), content(said))
            for name, said in rows
        ]

    def action_back(self) -> None:
        self.dismiss()

    def action_help(self) -> None:
        self.dismiss()

    def action_scroll_down(self) -> None:
        self.query_one(TextView).scroll_by(1)

    def action_scroll_up(self) -> None:
        self.query_one(TextView).scroll_by(-1)

    def action_page_down(self) -> None:
        view = self.query_one(TextView)
        view.scroll_by(view.size.height)

    def action_page_up(self) -> None:
        view = self.query_one(TextView)
        view.scroll_by(-view.size.height)

    def action_scroll_home(self) -> None:
        self.query_one(TextView).scroll_to_line(0)

    def action_scroll_end(self) -> None:
        view = self.query_one(TextView)
        view.scroll_to_line(view.last_top)
