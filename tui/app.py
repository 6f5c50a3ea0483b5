"""The application: one look, one way out, nothing foreign reaches the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.app import App
from textual.binding import BindingType
from textual.color import Color
from textual.filter import LineFilter
from textual.notifications import SeverityLevel

from tui.display import UNSAFE, display_text
from tui.keymap import bindings


class Sanitize(LineFilter):
    """The second wall: what passed `display_text` by is stopped at the line."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        search = UNSAFE.search
        if not any(search(segment.text) for segment in segments):
            return segments
        clean = [
            Segment(UNSAFE.sub("\ufffd", text), style, control)
            for text, style, control in segments
        ]
        # A mark is wider than what it stands for: the line keeps its length.
        length = Segment.get_line_length(segments)
        return Segment.adjust_line_length(clean, length)


class GonogoApp(App[None]):
    """gonogo on a terminal."""

    TITLE = "gonogo"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("app")

    _sanitize = Sanitize()

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), self._sanitize]

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a toast; its text is display text, markup in it is only text."""
        super().notify(
            display_text(message, lines=True),
            title=display_text(title),
            severity=severity,
            timeout=timeout,
            markup=False,
        )
