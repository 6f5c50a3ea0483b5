"""Asks before the screen is left: what runs, what was left open, a note to the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input

from tui.display import content
from tui.keymap import bindings
from tui.screens.left_once import LeftOnce
from tui.widgets.shown import Shown
from tui.widgets.signs import signs


class LeaveScreen(ModalScreen[str | None], LeftOnce[str | None]):
    """Left with the hand-over note, which may be empty; with None to stay.

    Where nothing runs and nothing is open, the note is all that is asked for, and
    Enter leaves. Else Enter leaves only from the note, to which one has to go.

    Args:
        at_work: one line for each command and action at work.
        left_open: one line for each change that was meant for a while.
        end: what is at work ends with the screen; else it goes on.
        note: ask for a hand-over note.
        draft: of the note, where it was typed before.
        problem: why that could not be kept.
    """

    CSS_PATH = "leave.tcss"
    AUTO_FOCUS = "VerticalScroll"  # so that what there is to read scrolls
    BINDINGS: ClassVar[list[BindingType]] = bindings("leave")
    _SHOWN, _WIDTH = 4, 50

    def __init__(
        self,
        at_work: Sequence[str],
        left_open: Sequence[str] = (),
        end: bool = False,
        note: bool = False,
        draft: str = "",
        problem: str = "",
    ) -> None:
        super().__init__()
        self._at_work = at_work
        self._left_open = left_open
        self._end = end
        self._note = note
        self._draft = draft
        self._problem = problem

    @property
    def _quiet(self) -> bool:
        """Whether a note is all that there is to ask for."""
        return not (self._at_work or self._left_open)

    def compose(self) -> ComposeResult:
        box = Vertical(id="leave")
        box.border_title = content("Leave gonogo?")
        with box:
            if not self._quiet:
                said = "\n\n".join((*self._going_on(), *self._loose()))
                with VerticalScroll():
                    yield Shown(content(said, lines=True), id="said")
            if self._note:
                yield Shown(content("A line for the next one on shift, or none:"))
                yield Input(self._draft, id="note", compact=True)
                if self._problem:
                    yield Shown(content(self._problem), id="problem")

    def on_mount(self) -> None:
        for line in self.query(Input):
            line.cursor_blink = False
            if self._quiet or self._draft:
                line.focus()
        self._tell_keys()

    def on_resize(self, event: events.Resize) -> None:
        # The line for the note stays in sight, whatever there is to read.
        others = 2 + len(self.query("#leave > Shown, #leave > Input")) + 1
        for view in self.query(VerticalScroll):
            view.styles.max_height = max(1, event.size.height - others)

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def _tell_keys(self) -> None:
        typing = isinstance(self.focused, Input)
        keys = "Enter leave" if typing else "y leave"
        note = "    t note" if self._note and not typing else ""
        self.query_one("#leave").border_subtitle = content(f"{keys}{note}    Esc stay")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        # A key may come before anything is composed.
        return action != "note" or bool(self.query(Input))

    def action_note(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def leave(self) -> None:
        """Leave, with what is typed for the next one on shift."""
        typed = "".join(line.value for line in self.query(Input))
        self.dismiss(typed.strip())

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
        shown = [f"  {_cut(line, self._WIDTH)}" for line in lines[: self._SHOWN]]
        if more := len(lines) - len(shown):
            shown.append(f"  and {more} more")
        return "\n".join(shown)


def _cut(text: str, width: int) -> str:
    """Return *text* on one line, saying so where it was cut."""
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 1]}{signs().cut}"
