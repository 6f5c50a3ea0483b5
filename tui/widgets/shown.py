"""Text that stands still on a screen: the only widget of Textual's that we give some.

Apart from Textual's own because that takes any string, and markup in it.
"""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class Shown(Static):
    """Shows display text."""

    def __init__(
        self, text: Content | None = None, *, id: str = "", classes: str = ""
    ) -> None:
        said = "" if text is None else text
        super().__init__(said, id=id or None, classes=classes or None, markup=False)

    def show(self, text: Content) -> None:
        """Show *text* from now on."""
        self.update(text)
