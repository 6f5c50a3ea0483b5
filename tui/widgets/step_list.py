"""The checklist: sections, steps and parts, one line each.

It builds nothing per row, so ten thousand rows cost what ten do, and a change
repaints the rows that changed and no others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from textual.message import Message
from textual.strip import Strip

from runbooks.model import Row
from tui.display import strip
from tui.widgets.line_view import LineView
from tui.widgets.outline import Outline
from tui.widgets.row_text import Line, RowText


class StepList(LineView):
    """Shows the rows of an outline and a cursor among them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "step-list--cursor",
        "step-list--section",
        "step-list--quiet",
        "step-list--good",
        "step-list--bad",
        "step-list--doubt",
        "step-list--busy",
    }

    DEFAULT_CSS = """
    StepList > .step-list--cursor {
        background: $primary 30%;
        text-style: bold;
    }
    StepList > .step-list--section {
        text-style: bold;
    }
    StepList > .step-list--quiet {
        color: $foreground-muted;
    }
    StepList > .step-list--good {
        color: $text-success;
    }
    StepList > .step-list--bad {
        color: $text-error;
    }
    StepList > .step-list--doubt {
        color: $text-warning;
    }
    StepList > .step-list--busy {
        color: $text-primary;
    }
    """

    @dataclass
    class Moved(Message):
        """Posted when the cursor has come to another row."""

        step_list: StepList
        row: Row

        @property
        def control(self) -> StepList:
            return self.step_list

    def __init__(self, outline: Outline, text: RowText, *, id: str = "") -> None:
        super().__init__(id=id or None)
        self.outline = outline
        self.cursor = 0
        """Index of the cursor's row among those on view."""
        self.marked: set[str] = set()
        """Ids of steps marked for one answer."""
        self._text = text
        self._painted: dict[int, Line] = {}
        """Index of a row to its line as it stands on the screen."""

    @property
    def line_count(self) -> int:
        return len(self.outline.rows)

    # ------------------------------------------------------------- the cursor

    @property
    def row(self) -> Row | None:
        """The row under the cursor, None only when nothing is on view."""
        rows = self.outline.rows
        return rows[self.cursor] if self.cursor < len(rows) else None

    def move(self, by: int) -> None:
        """Move the cursor *by* rows, stopping at the ends."""
        self.go(self.cursor + by)

    def page(self, direction: int) -> None:
        """Move by one screenful, keeping one row of it."""
        self.move(direction * max(1, self.size.height - 1))

    def go(self, index: int) -> None:
        """Put the cursor on the row at *index* among those on view."""
        old, self.cursor = self.cursor, max(0, min(self.line_count - 1, index))
        if old != self.cursor:
            self.refresh_lines((old, self.cursor))
            self._keep_in_sight()
            self._tell_moved()

    def go_to(self, row: Row) -> bool:
        """Put the cursor on *row*, showing what hides it; False when unknown."""
        if self.outline.reveal(row):
            self.rearranged(row)
            return self.row == row
        index = self.outline.index(row)
        if index is not None:
            self.go(index)
        return index is not None

    def rearranged(self, keep: Row | None = None) -> None:
        """The outline changed: show it, with the cursor on *keep* or near it."""
        index = None if keep is None else self.outline.index(keep)
        last = max(0, self.line_count - 1)
        self.cursor = min(self.cursor, last) if index is None else index
        self.top = min(self.top, self.last_top)
        self._keep_in_sight()
        self.refresh()
        self._tell_moved()

    def changed(self, rows: Iterable[Row]) -> None:
        """Repaint *rows*, where they are in sight."""
        found = (self.outline.index(row) for row in rows)
        self.refresh_lines(index for index in found if index is not None)

    def grow_older(self) -> None:
        """Time has passed: repaint the rows in sight that say something else now."""
        now, rows = datetime.now(UTC), self.outline.rows
        in_sight = range(self.top, min(self.line_count, self.top + self.size.height))
        self.refresh_lines(
            index
            for index in in_sight
            if self._line(rows[index], index, now) != self._painted.get(index)
        )

    def _line(self, row: Row, index: int, now: datetime) -> Line:
        return self._text.line(
            row,
            self.size.width,
            now,
            here=index == self.cursor,
            marked=row.id in self.marked,
        )

    def on_resize(self) -> None:
        self.top = min(self.top, self.last_top)
        self._keep_in_sight()

    def scrolled(self) -> None:
        """The wheel moves the cursor along, so that keys act on what is seen."""
        inside = max(self.top, min(self.cursor, self.top + self.size.height - 1))
        self.go(inside)

    def _tell_moved(self) -> None:
        if row := self.row:
            self.post_message(self.Moved(self, row))

    def _keep_in_sight(self) -> None:
        """Scroll when the cursor has left the window, by half of it at once.

        A scroll repaints the whole list; half a window makes that rare.
        """
        height, top = self.size.height, self.top
        if not height or top <= self.cursor < top + height:
            return
        if self.cursor == top + height:
            top += max(1, height // 2)
        elif self.cursor == top - 1:
            top -= max(1, height // 2)
        else:
            top = self.cursor - height // 3
        self.top = max(0, min(top, self.last_top))
        self.refresh()

    # --------------------------------------------------------------- painting

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        index = y + self.top
        if index >= self.line_count:
            return Strip.blank(width, self.rich_style)
        row = self.outline.rows[index]
        here = index == self.cursor
        line = self._line(row, index, datetime.now(UTC))
        self._painted[index] = line
        base = ("step-list--cursor",) if here else ()
        return self._strip(line, width, base)

    def _strip(self, line: Line, width: int, base: tuple[str, ...]) -> Strip:
        room = max(0, width - cell_len(line.sign) - cell_len(line.right))
        drawn = strip(
            [
                (line.sign, self._style(base, line.tone)),
                (fit(line.left, room, line.cut), self._style(base, line.weight)),
                (line.right, self._style(base, line.right_tone)),
            ]
        )
        return drawn.adjust_cell_length(width, self._style(base, "")).simplify()

    def _style(self, base: tuple[str, ...], tone: str) -> Style:
        names = (*base, f"step-list--{tone}") if tone else base
        return self.get_visual_style(*names).rich_style


def fit(text: str, width: int, cut: str) -> str:
    """Return *text* in exactly *width* cells, ending in *cut* when it is longer."""
    if width <= 0:
        return ""
    if len(text) <= width and cell_len(text) <= width:
        return set_cell_size(text, width)
    # Combining characters take no cell, so twice the width holds enough.
    return set_cell_size(text[: width * 2], width - 1) + cut
