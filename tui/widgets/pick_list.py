"""A list of which one line is picked, under headings where the cursor never stops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from textual.content import Content
from textual.strip import Strip

from tui.display import content, strip
from tui.widgets.line_view import LineView

T = TypeVar("T")


class PickList(LineView, Generic[T]):
    """One line each; what is a text among the rows is a heading.

    A subclass says how a row looks.
    """

    def __init__(self, rows: Sequence[T | str], *, id: str = "") -> None:
        super().__init__(id=id or None)
        self.rows: Sequence[T | str] = rows
        self.cursor = 0
        self.move(0)

    def line_of(self, row: T, width: int, here: bool) -> Content:
        """Return how *row* looks, with the cursor on it or not."""
        raise NotImplementedError

    @property
    def line_count(self) -> int:
        return len(self.rows)

    @property
    def picked(self) -> T | None:
        """What the cursor is on; None when there is nothing to pick."""
        row = self.rows[self.cursor] if self.rows else None
        return None if isinstance(row, str) else row

    def fill(self, rows: Sequence[T | str]) -> None:
        """Show other rows; the cursor stays on its row if that is still there."""
        before = self.picked
        self.rows = rows
        self.top = 0
        there = before is not None and before in rows
        self.cursor = rows.index(before) if there and before is not None else 0
        self.move(0)
        self.refresh()

    def move(self, by: int) -> None:
        """Move by so many lines, on to the next row; stop at the ends."""
        places = [n for n, row in enumerate(self.rows) if not isinstance(row, str)]
        if not places:
            return
        wanted = max(places[0], min(places[-1], self.cursor + by))
        beyond = [n for n in places if (n >= wanted if by >= 0 else n <= wanted)]
        old, self.cursor = self.cursor, beyond[0 if by >= 0 else -1]
        self.refresh_lines((old, self.cursor))
        if self.cursor <= places[0]:
            self.scroll_to_line(0)
        elif not self.top <= self.cursor < self.top + self.size.height:
            self.scroll_to_line(self.cursor - self.size.height // 2)

    def render_line(self, y: int) -> Strip:
        width, index = self.size.width, y + self.top
        if index >= self.line_count:
            return Strip.blank(width, self.rich_style)
        row = self.rows[index]
        here = index == self.cursor
        if isinstance(row, str):
            line = content(row, "bold")
        else:
            line = self.line_of(row, width, here)
        if here:
            line = line.stylize_before("bold on $primary 30%")
        pieces = line.render(
            self.visual_style, end="", parse_style=self.app.stylesheet.parse_style
        )
        drawn = strip((text, style.rich_style) for text, style in pieces)
        return drawn.adjust_cell_length(width, self.rich_style)
