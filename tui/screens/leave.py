"""Asks before the screen is left while a command runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.display import content
from tui.keymap import bindings
from tui.screens.left_once import LeftOnce


class LeaveScreen(ModalScreen[bool], LeftOnce[bool]):
    """Says that commands go on without the screen; True is to leave.

    Args:
        commands: one line for each command at work.
    """

    CSS_PATH = "leave.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("leave")
    _SHOWN, _WIDTH = 6, 56

    def __init__(self, commands: Sequence[str]) -> None:
        super().__init__()
        self._commands = commands

    def compose(self) -> ComposeResult:
        many = len(self._commands) > 1
        shown = self._commands[: self._SHOWN]
        lines = [f"  {' '.join(line.split())[: self._WIDTH]}" for line in shown]
        if more := len(self._commands) - len(lines):
            lines.append(f"  and {more} more")
        said = (
            f"{'These commands are' if many else 'This command is'} still running:\n\n"
            + "\n".join(lines)
            + f"\n\n{'They go' if many else 'It goes'} on without the screen. "
            "Open this run again to see output and exit code."
        )
        box = Static(content(said, lines=True), id="leave")
        box.border_title = content("Leave gonogo?")
        box.border_subtitle = content("y leave    Esc stay")
        yield box
