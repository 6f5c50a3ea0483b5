"""A few choices in a line: digits pick, Enter picks the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from tui.display import content, joined


@dataclass(frozen=True, slots=True)
class Choice:
    id: str
    label: str


class Choices(Widget, can_focus=True):
    """The cursor starts on the first choice, which should change nothing.

    Attributes:
        awake: takes keys; until then it is drawn dim.
    """

    DEFAULT_CSS = "Choices { height: auto; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,down", "move(1)", "Next choice", show=False),
        Binding("left,up", "move(-1)", "Choice before", show=False),
        Binding("enter", "pick", "Choose", show=False),
    ]

    @dataclass
    class Picked(Message):
        """Posted when a choice was made."""

        choices: Choices
        choice: str
        """Its id."""

        @property
        def control(self) -> Choices:
            return self.choices

    def __init__(self, choices: Sequence[Choice], *, id: str = "") -> None:
        super().__init__(id=id or None)
        self._choices = choices
        self._cursor = 0
        self._awake = False

    @property
    def awake(self) -> bool:
        return self._awake

    @awake.setter
    def awake(self, awake: bool) -> None:
        self._awake = awake
        self.refresh()

    def show(self, choices: Sequence[Choice]) -> None:
        """Show these instead; the cursor stays where it is."""
        self._choices = choices
        self.refresh(layout=True)

    def pick(self, number: int) -> None:
        """Pick the choice with this number, from 1; others are ignored."""
        if self._awake and 0 < number <= len(self._choices):
            self._cursor = number - 1
            self.refresh()
            self.post_message(self.Picked(self, self._choices[self._cursor].id))

    def action_move(self, by: int) -> None:
        self._cursor = max(0, min(len(self._choices) - 1, self._cursor + by))
        self.refresh()

    def action_pick(self) -> None:
        self.pick(self._cursor + 1)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.lines(width))

    def lines(self, width: int) -> list[Content]:
        """Return the choices in lines of *width* cells; none is broken."""
        lines: list[Content] = []
        for index, choice in enumerate(self._choices):
            here = index == self._cursor and self.has_focus
            label = content(
                f" {index + 1} {choice.label} ",
                "reverse" if here else "" if self._awake else "dim",
            )
            if lines and lines[-1].cell_length + 1 + label.cell_length <= width:
                lines[-1] = joined(lines[-1], content(" "), label)
            else:
                lines.append(label)
        return lines

    def render(self) -> Content:
        return joined(*self.lines(self.size.width), between="\n")
