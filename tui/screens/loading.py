"""Reads a long runbook beside the screen, with a way out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message

from runbooks.errors import GonogoError
from runbooks.model import Runbook
from tui.display import content
from tui.keymap import bindings
from tui.screens.left_once import LeftOnce
from tui.widgets.shown import Shown

BAR = 40
"""Cells of the progress bar."""


class LoadingScreen(LeftOnce[Runbook | GonogoError]):
    """Dismissed with the runbook, or with why there is none (also when cancelled).

    Args:
        path: the document.
        read: reads it; is given a function that takes the fraction done and says
            whether to give up.
    """

    CSS_PATH = "loading.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("loading")

    class Moved(Message):
        """Posted by the reading thread with the fraction that is done."""

        can_bubble = False

        def __init__(self, done: float) -> None:
            super().__init__()
            self.done = done

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, LoadingScreen.Moved)

    class Ended(Message):
        """Posted by the reading thread when it is done, one way or the other."""

        def __init__(self, outcome: Runbook | GonogoError) -> None:
            super().__init__()
            self.outcome = outcome

    def __init__(
        self, path: Path, read: Callable[[Path, Callable[[float], bool]], Runbook]
    ) -> None:
        super().__init__()
        self._path = path
        self._read = read
        self._cancelled = threading.Event()
        self._outcome: Runbook | GonogoError | None = None

    def compose(self) -> ComposeResult:
        megabytes = self._path.stat().st_size / 1e6
        yield Shown(content(f"Reading {self._path.name} ({megabytes:.1f} MB)"))
        yield Shown(content("░" * BAR), id="bar")
        yield Shown(content("Esc gives up"), id="way-out")

    def on_mount(self) -> None:
        # A daemon of our own: leaving gonogo must not wait for the parser.
        threading.Thread(target=self._work, name="gonogo-read", daemon=True).start()

    def _work(self) -> None:
        def at(done: float) -> bool:
            self.post_message(self.Moved(done))
            return self._cancelled.is_set()

        try:
            outcome: Runbook | GonogoError = self._read(self._path, at)
        except GonogoError as error:
            outcome = error
        self.post_message(self.Ended(outcome))

    def on_loading_screen_moved(self, message: Moved) -> None:
        full = round(message.done * BAR)
        self.query_one("#bar", Shown).show(content("█" * full + "░" * (BAR - full)))

    def on_loading_screen_ended(self, message: Ended) -> None:
        self._outcome = message.outcome
        self._leave()

    def on_screen_resume(self) -> None:
        self._leave()

    def _leave(self) -> None:
        """Give the outcome; what stands in front of this screen goes first."""
        if self._outcome is not None:
            self.dismiss(self._outcome)

    def action_cancel(self) -> None:
        self._cancelled.set()
