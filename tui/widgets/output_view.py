"""A window onto what a command prints."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import ClassVar

from rich.cells import cell_len
from textual.strip import Strip

from tui.display import content, sgr_spans, strip
from tui.widgets.levels import Level, Levels
from tui.widgets.line_view import LineView
from tui.widgets.scrollback import LONGEST, Scrollback, plain

LOOKS = 12
"""Looks at the scrollback per second: what a flood costs is bounded by this."""


class OutputView(LineView):
    """Shows a scrollback, following its end until the operator scrolls up.

    Attributes:
        follow: stay at the end as lines come.
        wrap: break long lines instead of cutting them.
        least: how grave a line has to be to be shown.
        found: line that a search has found, or None.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"output-view--found"}
    DEFAULT_CSS = """
    OutputView > .output-view--found {
        background: $warning 30%;
    }
    """

    def __init__(self, *, id: str = "") -> None:
        super().__init__(id=id or None)
        self.scrollback = Scrollback()
        self.hint = content("")
        """Shown while nothing has been printed."""
        self.follow = True
        self.wrap = False
        self.least = Level.ALL
        self.found: int | None = None
        self._version = -1
        self._lost = 0
        self._levels = Levels()
        self._rows: list[tuple[int, int]] = []
        """Number and first cell of each line in sight, where not all are one row."""

    @property
    def line_count(self) -> int:
        return len(self._rows) if self._mapped else self.scrollback.count

    @property
    def _mapped(self) -> bool:
        """Whether rows are other than the lines that are kept."""
        return self.wrap or self.least is not Level.ALL

    def on_mount(self) -> None:
        self.set_interval(1 / LOOKS, self.look)

    def show(self, scrollback: Scrollback, hint: str = "") -> None:
        """Show another scrollback, at its end."""
        self.hint = content(hint, "$foreground-muted")
        if scrollback is self.scrollback:
            self.refresh()
            return
        self.scrollback = scrollback
        self.found, self.follow = None, True
        self._lost = scrollback.lost
        self._levels = Levels()
        self._version = -1
        self.look()

    def look(self) -> None:
        """Repaint when something has come since the last look."""
        if self._version == self.scrollback.version or not self.size.height:
            return
        self._version = self.scrollback.version
        self._arrange()

    def set_wrap(self, on: bool) -> None:
        self._arrange(wrap=on)

    def set_least(self, level: Level) -> None:
        """Show only lines that are as grave as *level*, or graver."""
        self._arrange(least=level)

    def set_follow(self, on: bool) -> None:
        self.follow = on
        self._arrange()

    def find(self, wanted: str, step: int) -> bool:
        """Go to the next line with *wanted*; return whether there is one."""
        last = len(self.scrollback.lines)
        start = self.found if self.found is not None else (last if step < 0 else -1)
        among = {index for index, _ in self._rows} if self._mapped else None
        self.found = (
            self.scrollback.find(wanted, start, step, among) if wanted else None
        )
        if self.found is not None:
            self.follow = False
            line = self._row_of(self.found)
            if not self.top <= line < self.top + self.size.height:
                self.scroll_to_line(line - self.size.height // 3)
        self.refresh()
        return self.found is not None

    def scroll_by(self, lines: int) -> None:
        super().scroll_by(lines)
        self.follow = self.top == self.last_top

    def on_resize(self) -> None:
        self._arrange()

    def _row_of(self, line: int) -> int:
        """Return the row of a line, or of the next one that is shown."""
        if not self._mapped:
            return line
        rows = (row for row, (index, _) in enumerate(self._rows) if index >= line)
        return next(rows, len(self._rows))

    def _line_of(self, row: int) -> int:
        if self._mapped and self._rows:
            return self._rows[min(row, len(self._rows) - 1)][0]
        return row

    def _arrange(self, wrap: bool | None = None, least: Level | None = None) -> None:
        """Lay the rows out anew, with the same line at the upper edge."""
        top = self._line_of(self.top)
        within = self.top - self._row_of(top) if wrap is None and least is None else 0
        self.wrap = self.wrap if wrap is None else wrap
        self.least = self.least if least is None else least
        self._rows = list(self._arranged()) if self._mapped else []
        lost, self._lost = self.scrollback.lost - self._lost, self.scrollback.lost
        if self.found is not None:
            self.found = self.found - lost if self.found >= lost else None
        if self.follow:
            self.top = self.last_top
        else:
            self.top = max(0, min(self._row_of(top - lost) + within, self.last_top))
        self.refresh()

    def _arranged(self) -> Iterator[tuple[int, int]]:
        """Yield line number and first cell of every row."""
        width = max(2, self.size.width)
        lines = islice(self.scrollback.lines, self.scrollback.count)
        levels = self._levels.of(self.scrollback) if self.least else ()
        for index, line in enumerate(lines):
            if self.least and levels[index] < self.least:
                continue
            cells = 1
            if self.wrap:
                shown = plain(line)
                cells = len(shown) if shown.isascii() else cell_len(shown)
            for cell in range(0, max(1, cells), width):
                yield index, cell

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        if self.scrollback.empty:
            if y == 0 and self.hint:
                style = self.app.stylesheet.parse_style
                pieces = self.hint.render(self.visual_style, "", style)
                hint = strip((text, s.rich_style) for text, s in pieces)
                return hint.adjust_cell_length(width, base)
            return Strip.blank(width, base)
        row = y + self.top
        if row >= self.line_count:
            return Strip.blank(width, base)
        index, first = self._rows[row] if self._mapped else (row, 0)
        if index >= len(self.scrollback.lines):
            return Strip.blank(width, base)
        line = self.scrollback.lines[index]
        if index == self.found:
            base = self.get_component_rich_style("output-view--found")
        # A line that is not wrapped shows no more than its beginning.
        seen = line if self.wrap else line[: min(LONGEST, 8 * width)]
        spans, _ = sgr_spans(seen)
        drawn = strip((text, base + style) for text, style in spans)
        return drawn.crop(first, first + width).adjust_cell_length(width, base)
