"""The floor: a minimal Textual app that shows N rows, and nothing else.

It is as plain as can be: no header, no footer, one line-API list whose rows are
plain text. `--stock` shows the same rows in Textual's own OptionList instead, for
what a stock list writes to the terminal.

    python bench/floor.py ROWS [--stock]
"""

from __future__ import annotations

import sys
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

REVERSED = Style(reverse=True)
PLAIN = Style()


class Rows(ScrollView, can_focus=True):
    """Draws the rows that can be seen; up and down move a cursor."""

    BINDINGS: ClassVar = [("j", "move(1)"), ("k", "move(-1)")]

    def __init__(self, rows: list[str]) -> None:
        super().__init__()
        self.rows = rows
        self.cursor = 0

    def on_mount(self) -> None:
        self.virtual_size = Size(60, len(self.rows))

    def render_line(self, y: int) -> Strip:
        number = y + self.scroll_offset.y
        if number >= len(self.rows):
            return Strip.blank(self.size.width)
        style = REVERSED if number == self.cursor else PLAIN
        text = self.rows[number].ljust(self.size.width)
        return Strip([Segment(text, style)], len(text))

    def action_move(self, by: int) -> None:
        before = self.cursor
        self.cursor = max(0, min(len(self.rows) - 1, before + by))
        top = self.scroll_offset.y
        for row in (before, self.cursor):
            self.refresh(Region(0, row - top, self.size.width, 1))
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False)


class Floor(App[None]):
    """Rows and nothing else."""

    def __init__(self, rows: list[str], stock: bool) -> None:
        super().__init__()
        self.rows = rows
        self.stock = stock

    def compose(self) -> ComposeResult:
        if self.stock:
            from textual.binding import Binding
            from textual.widgets import OptionList

            class Stock(OptionList):
                BINDINGS: ClassVar = [
                    Binding("j", "cursor_down"),
                    Binding("k", "cursor_up"),
                ]

            yield Stock(*self.rows, markup=False)
        else:
            yield Rows(self.rows)


def row(number: int) -> str:
    """Text of one row, as long as a step usually is."""
    return f"row {number:05} of the floor, as long as a step usually is"


if __name__ == "__main__":
    Floor([row(n) for n in range(int(sys.argv[1]))], "--stock" in sys.argv).run()
