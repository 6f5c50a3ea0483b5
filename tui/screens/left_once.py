"""Screens that are left with a result exactly once."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.screen import Screen, ScreenResultType


class LeftOnce(Screen[ScreenResultType]):
    """A screen whose first result counts; those after it are dropped.

    Keys and messages may be on their way when it is left, and Textual would
    take the screen beneath away for each of them. Name it after ModalScreen
    among the bases: Textual takes styles from the first one only.
    """

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        return super().dismiss(result) if self.is_active else AwaitComplete()
