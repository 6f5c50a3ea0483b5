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
    """Says what becomes of commands without the screen; True is to leave.

    Args:
        commands: one line for each command at work.
        end: they end with the screen; else they go on.
    """

    CSS_PATH = "leave.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("leave")
    _SHOWN, _WIDTH = 6, 56

    def __init__(self, commands: Sequence[str], end: bool) -> None:
        super().__init__()
        self._commands = commands
        self._end = end

    def compose(self) -> ComposeResult:
        many = len(self._commands) > 1
        shown = self._commands[: self._SHOWN]
        lines = [f"  {' '.join(line.split())[: self._WIDTH]}" for line in shown]
        if more := len(self._commands) - len(lines):
            lines.append(f"  and {more} more")
        if self._end:
            fate = f"{'They end' if many else 'It ends'} with the rehearsal."
        else:
            fate = (
                f"{'They go' if many else 'It goes'} on without the screen. "
                "Open this run again to see output and exit code."
            )
        said = (
            f"{'These commands are' if many else 'This command is'} still running:\n\n"
            + "\n".join(lines)
            + f"\n\n{fate}"
        )
        box = Static(content(said, lines=True), id="leave")
        box.border_title = content("Leave gonogo?")
        box.border_subtitle = content("y leave    Esc stay")
        yield box
