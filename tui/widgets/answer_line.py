"""The line in which an answer is typed, in the place of the output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Label

from tui.display import content
from tui.widgets.edge_line import EdgeLine
from tui.widgets.signs import signs


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to type: its name, its label, what it holds, what it wants."""

    name: str
    label: str
    value: str = ""
    wanted: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked for.

    Attributes:
        purpose: what the values are for: an answer, ``note``, ``find``, ….
        about: ids of the steps that are answered.
        hint: one line on what belongs here.
        fields: one or two.
    """

    purpose: str
    title: str
    hint: str
    fields: tuple[Field, ...]
    about: tuple[str, ...] = ()
    rest: Mapping[str, str] = field(default_factory=dict)


class AnswerLine(Vertical):
    """Asks for one or two short texts.

    What was typed is told with every way out, so that nothing is ever lost.
    """

    @dataclass
    class Given(Message):
        """Enter: the values are meant."""

        prompt: Prompt
        values: Mapping[str, str]

    @dataclass
    class Left(Message):
        """Esc: nothing is meant; the values are what was typed so far."""

        prompt: Prompt
        values: Mapping[str, str]

    @dataclass
    class Typed(Message):
        """A key changed a value."""

        prompt: Prompt
        values: Mapping[str, str]

    prompt: Prompt | None = None
    """What is being asked, None while the line is closed."""

    def compose(self) -> ComposeResult:
        yield EdgeLine(signs().rule, id="answer-title")
        yield EdgeLine(id="answer-hint")

    def on_mount(self) -> None:
        # Not in compose: the first picture need not wait for what it does not show.
        self.call_after_refresh(self._mount_fields)

    async def _mount_fields(self) -> None:
        for number in (0, 1):
            box = Input(compact=True, id=f"answer-{number}", select_on_focus=False)
            # A blinking cursor would write to an idle terminal.
            box.cursor_blink = False
            label = Label("", markup=False)
            await self.mount(Horizontal(label, box, classes="answer-field"))

    def ask(self, prompt: Prompt) -> None:
        """Open with *prompt*, the cursor in its first field."""
        self.prompt = None
        if len(list(self._rows())) < 2:
            self.call_later(self.ask, prompt)
            return
        rule = signs().rule
        title = content(f"{rule} {prompt.title} ", "$accent")
        self.query_one("#answer-title", EdgeLine).show(title)
        hint = content(prompt.hint, "$foreground-muted")
        self.query_one("#answer-hint", EdgeLine).show(hint)
        for row, asked in zip(self._rows(), self._padded(prompt), strict=True):
            row.display = asked is not None
            if asked is not None:
                row.query_one(Label).update(content(f"{asked.label}: "))
                box = row.query_one(Input)
                box.value = asked.value
                box.placeholder = asked.wanted
                box.cursor_position = len(asked.value)
        self.prompt = prompt
        self.display = True
        self.query_one("#answer-0", Input).focus()

    def close(self) -> None:
        self.prompt = None
        self.display = False

    def leave(self) -> None:
        """Close without an answer; what was typed is told."""
        if prompt := self.prompt:
            values = self.values()
            self.close()
            self.post_message(self.Left(prompt, values))

    def values(self) -> dict[str, str]:
        """Return what is typed at this moment, by field name."""
        if self.prompt is None:
            return {}
        boxes = [row.query_one(Input).value for row in self._rows()]
        return {
            asked.name: value
            for asked, value in zip(self.prompt.fields, boxes, strict=False)
        }

    def next_field(self) -> None:
        """Go to the other field, when there are two."""
        boxes = [row.query_one(Input) for row in self._rows() if row.display]
        others = [box for box in boxes if not box.has_focus]
        if others:
            others[0].focus()

    def _rows(self) -> Iterator[Horizontal]:
        yield from self.query(".answer-field").results(Horizontal)

    @staticmethod
    def _padded(prompt: Prompt) -> list[Field | None]:
        return [*prompt.fields, None, None][:2]

    @on(Input.Submitted)
    def give(self, event: Input.Submitted) -> None:
        event.stop()
        if prompt := self.prompt:
            self.post_message(self.Given(prompt, self.values()))

    @on(Input.Changed)
    def tell_typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.prompt is not None:
            self.post_message(self.Typed(self.prompt, self.values()))
