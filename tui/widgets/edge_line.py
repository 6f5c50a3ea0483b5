"""One line of the screen with something at its left and its right edge."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from tui.display import content, joined
from tui.widgets.signs import signs


class EdgeLine(Widget):
    """Shows two texts in one line; the left one gives way when it is tight.

    Args:
        fill: what stands between the two, a blank or a rule.
    """

    DEFAULT_CSS = """
    EdgeLine { height: 1; }
    """

    def __init__(self, fill: str = " ", *, id: str = "", classes: str = "") -> None:
        super().__init__(id=id or None, classes=classes or None)
        self._fill = fill
        self._left = content("")
        self._right = content("")

    @property
    def text(self) -> str:
        """What the line says, left and right, without styles."""
        return f"{self._left.plain}\t{self._right.plain}"

    @property
    def left(self) -> Content:
        return self._left

    def show(self, left: Content, right: Content | None = None) -> None:
        """Show these; a line that already says so is not painted again."""
        right = right or content("")
        if left.is_same(self._left) and right.is_same(self._right):
            return
        self._left, self._right = left, right
        self.refresh()

    def render(self) -> Content:
        width = self.size.width
        right = shortened(self._right, width)
        room = width - right.cell_length
        left = shortened(self._left, room - 1) if self._left else self._left
        gap = room - left.cell_length
        between = content(self._fill * gap, "dim" if self._fill != " " else "")
        return joined(left, between, right)


def shortened(text: Content, width: int) -> Content:
    """Return *text* in at most *width* cells, saying so where it was cut."""
    if text.cell_length <= width:
        return text
    cut = signs().cut
    return joined(text.truncate(max(0, width - 1)).rstrip(cut), content(cut))
