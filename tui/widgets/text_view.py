"""A text of several lines that scrolls, wrapped to the width it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from textual.content import Content
from textual.strip import Strip

from tui.display import content, joined, strip
from tui.widgets.line_view import LineView

QUIET = "$foreground-muted"
LABEL = 10
"""Cells of the column of labels, the blanks after them included."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text that is wrapped as one, behind a label or without one."""

    text: Content
    label: str = ""

    def lines(self, width: int) -> Iterator[Content]:
        """Yield the paragraph's lines; the text hangs right of its label."""
        if not self.label or width < 2 * LABEL:
            yield from self.text.wrap(width)
            return
        label = f"{self.label:<{LABEL}}"
        for line in self.text.wrap(width - LABEL):
            yield joined(content(label, QUIET), line)
            label = " " * LABEL


class TextView(LineView):
    """Shows paragraphs of prepared text."""

    def __init__(self, *, id: str = "") -> None:
        super().__init__(id=id or None)
        self._paragraphs: Sequence[Paragraph] = ()
        self._lines: list[Content] = []
        self._width = 0

    @property
    def text(self) -> str:
        """What is shown, without styles."""
        return "\n".join(
            f"{paragraph.label:<{LABEL}}{paragraph.text.plain}"
            if paragraph.label
            else paragraph.text.plain
            for paragraph in self._paragraphs
        )

    @property
    def line_count(self) -> int:
        return len(self._lines)

    def show(
        self, paragraphs: Sequence[Paragraph], *, keep_place: bool = False
    ) -> None:
        """Show *paragraphs*, from their beginning unless *keep_place*."""
        before, top = self._lines, self.top
        self._paragraphs = paragraphs
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
        self._lines = []
        if self._width > 1:
            for paragraph in self._paragraphs:
                self._lines += paragraph.lines(self._width)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        index = y + self.top
        if index >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        pieces = self._lines[index].render(
            self.visual_style, end="", parse_style=self.app.stylesheet.parse_style
        )
        line = strip((text, style.rich_style) for text, style in pieces)
        return line.adjust_cell_length(width, self.rich_style).simplify()
