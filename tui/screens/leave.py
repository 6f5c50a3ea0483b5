"""Asks before the screen is left while something runs, or was left open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.display import content
from tui.keymap import bindings
from tui.screens.left_once import LeftOnce


class LeaveScreen(ModalScreen[bool], LeftOnce[bool]):
    """Says what becomes of what runs, and what is left open; True is to leave.

    Args:
        at_work: one line for each command and action at work.
        left_open: one line for each change that was meant for a while.
        end: what is at work ends with the screen; else it goes on.
    """

    CSS_PATH = "leave.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("leave")
    _SHOWN, _WIDTH = 6, 56

    def __init__(
        self, at_work: Sequence[str], left_open: Sequence[str] = (), end: bool = False
    ) -> None:
        super().__init__()
        self._at_work = at_work
        self._left_open = left_open
        self._end = end

    def compose(self) -> ComposeResult:
        said = "\n\n".join((*self._going_on(), *self._loose()))
        box = Static(content(said, lines=True), id="leave")
        box.border_title = content("Leave gonogo?")
        box.border_subtitle = content("y leave    Esc stay")
        yield box

    def _going_on(self) -> Iterator[str]:
        if not self._at_work:
            return
        many = len(self._at_work) > 1
        yield f"{'These are' if many else 'This is'} still running:"
        yield self._listed(self._at_work)
        if self._end:
            yield f"{'They end' if many else 'It ends'} with the rehearsal."
        else:
            yield (
                f"{'They go' if many else 'It goes'} on without the screen. "
                "Open this run again to see output and how it ended."
            )

    def _loose(self) -> Iterator[str]:
        if not self._left_open:
            return
        yield "Changed for a while and not taken back:"
        yield self._listed(self._left_open)
        yield "L lists them, to take back or to accept. They are kept with the run."

    def _listed(self, lines: Sequence[str]) -> str:
        shown = [
            f"  {' '.join(e.split())[: self._WIDTH]}" for e in lines[: self._SHOWN]
        ]
        if more := len(lines) - len(shown):
            shown.append(f"  and {more} more")
        return "\n".join(shown)
