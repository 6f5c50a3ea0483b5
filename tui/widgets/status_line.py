"""The last line but one: what happened, what is being looked at, what is saved."""

from __future__ import annotations

from textual.content import Content

from tui.display import content, joined
from tui.widgets.edge_line import EdgeLine


class StatusLine(EdgeLine):
    """Says one thing at its left, and what is saved at its right.

    Args:
        saved: what is saved at first.
    """

    def __init__(self, saved: str, *, id: str = "") -> None:
        super().__init__(id=id)
        self._lasting = content("")
        self._saved = saved
        self.looking = 0
        """How many steps are still being looked at."""

    def say(self, text: Content, *, lasting: bool) -> bool:
        """Show *text*; what lasts comes back after what does not.

        Returns:
            whether the line has room for it.
        """
        if lasting:
            self._lasting = text
        right = self._right_text()
        self.show(text, right)
        return text.cell_length < self.size.width - right.cell_length

    def settle(self) -> None:
        """Go back to what was said last to last."""
        self.show(self._lasting, self._right_text())

    def look(self, steps: int) -> None:
        """Say that so many steps are being looked at."""
        self.looking = steps
        self.show(self.left, self._right_text())

    def save(self, what: str) -> None:
        """Say what is saved."""
        self._saved = what
        self.show(self.left, self._right_text())

    def _right_text(self) -> Content:
        alarm = not self._saved.startswith("saved")
        style = "bold $text-error" if alarm else "$foreground-muted"
        steps = "1 step" if self.looking == 1 else f"{self.looking} steps"
        looking = f" looking at {steps} " if self.looking else ""
        return joined(
            content(looking, "$foreground-muted"),
            content(f" {self._saved}", style),
        )
