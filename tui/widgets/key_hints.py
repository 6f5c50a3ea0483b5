"""The keys of a screen in its last line: as many as fit, the way out always."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tui.display import content
from tui.widgets.edge_line import EdgeLine


class KeyHints(EdgeLine):
    """Shows hints from the first one on, and at the right how the screen is left.

    Args:
        hints: such as ``v mark``, the most wanted first.
    """

    def __init__(
        self, hints: Sequence[str], way_out: str = "Esc back", *, id: str = ""
    ) -> None:
        super().__init__(id=id)
        self._hints = hints
        self._way_out = way_out

    def render(self) -> Content:
        room = self.size.width - len(self._way_out) - 2
        told: list[str] = []
        for hint in self._hints:
            if len("  ".join([*told, hint])) > room:
                break
            told.append(hint)
        gap = " " * (self.size.width - len("  ".join(told)) - len(self._way_out))
        return content(f"{'  '.join(told)}{gap}{self._way_out}", "$foreground-muted")
