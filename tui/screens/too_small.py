"""Stands in front while the terminal is too small to show what matters."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from tui.display import content
from tui.screens.left_once import LeftOnce
from tui.terminal import too_small
from tui.widgets.shown import Shown


class TooSmallScreen(ModalScreen[None], LeftOnce[None]):
    """One sentence; it goes away by itself when the terminal has grown."""

    DEFAULT_CSS = """
    TooSmallScreen {
        align: center middle;
        background: $background;
    }
    TooSmallScreen Shown {
        width: auto;
        max-width: 100%;
    }
    """

    def compose(self) -> ComposeResult:
        yield Shown(content(too_small(*self.app.size)))

    def on_resize(self, event: events.Resize) -> None:
        self._fit()

    def on_screen_resume(self) -> None:
        self._fit()

    def _fit(self) -> None:
        if said := too_small(*self.app.size):
            self.query_one(Shown).show(content(said))
        else:
            self.dismiss()
