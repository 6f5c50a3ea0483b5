"""A text of several lines that scrolls, wrapped to the width it has."""

from __future__ import annotations

from itertools import zip_longest

from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip

from tui.widgets.line_view import LineView


class TextView(LineView):
    """Shows prepared text."""

    def __init__(self, *, id: str = "") -> None:
        super().__init__(id=id or None)
        self._content = Content("")
        self._lines: list[Content] = []
        self._width = 0

    @property
    def text(self) -> str:
        """What is shown, without styles."""
        return self._content.plain

    @property
    def line_count(self) -> int:
        return len(self._lines)

    def show(self, content: Content, *, keep_place: bool = False) -> None:
        """Show *content*, from its beginning unless *keep_place*."""
        if content.is_same(self._content):
            return
        before, top = self._lines, self.top
        self._content = content
        self._lay_out()
        self.top = min(self.top, self.last_top) if keep_place else 0
        self._repaint(before, top)
        self.scrolled()

    def on_resize(self) -> None:
        if self.size.width != self._width:
            self._lay_out()
            self.refresh()
        self.top = min(self.top, self.last_top)
        self.scrolled()

    def _repaint(self, before: list[Content], top: int) -> None:
        """Repaint the lines in sight that differ: most are blank, or the same."""
        old = before[top : top + self.size.height]
        new = self._lines[self.top : self.top + self.size.height]
        self.refresh_lines(
            self.top + y
            for y, (was, now) in enumerate(zip_longest(old, new))
            if was is None or now is None or not was.is_same(now)
        )

    def _lay_out(self) -> None:
        self._width = self.size.width
        self._lines = self._content.wrap(self._width) if self._width > 1 else []

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        index = y + self.top
        if index >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        pieces = self._lines[index].render(
            self.visual_style, end="", parse_style=self.app.stylesheet.parse_style
        )
        # Every segment needs a style: NO_COLOR's filter reads it unasked.
        strip = Strip([Segment(text, style.rich_style) for text, style in pieces])
        return strip.adjust_cell_length(width, self.rich_style).simplify()
