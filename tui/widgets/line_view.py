"""A window onto many lines: the base of checklist, detail and output.

Textual's own ScrollView keeps its size as a reactive of the layout: each line
more would lay out and repaint the whole screen. This one repaints itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.geometry import Region
from textual.widget import Widget


class LineView(Widget, can_focus=True):
    """Shows lines `top` to `top + height` of `line_count`.

    A subclass says how many lines there are, and paints one in `render_line`.
    It knows no keys: the screen's one table of bindings scrolls it.
    """

    top = 0
    """Number of the first line in sight."""

    @property
    def line_count(self) -> int:
        raise NotImplementedError

    @property
    def last_top(self) -> int:
        """The largest `top`: the last line at the lower edge."""
        return max(0, self.line_count - self.size.height)

    @property
    def below(self) -> int:
        """Number of lines that do not fit below what is in sight."""
        return max(0, self.line_count - self.top - self.size.height)

    def scroll_to_line(self, top: int) -> None:
        """Bring line *top* to the upper edge, as far as there are lines."""
        top = max(0, min(top, self.last_top))
        if top != self.top:
            self.top = top
            self.refresh()
            self.scrolled()

    def scroll_by(self, lines: int) -> None:
        self.scroll_to_line(self.top + lines)

    def scrolled(self) -> None:
        """Called when `top` has changed."""

    def refresh_lines(self, lines: Iterable[int]) -> None:
        """Repaint these lines, where they are in sight."""
        height, width = self.size.height, self.size.width
        seen = {line - self.top for line in lines if 0 <= line - self.top < height}
        if seen:
            self.refresh(*(Region(0, y, width, 1) for y in sorted(seen)))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_by(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_by(-3)
