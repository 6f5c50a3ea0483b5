"""The line in which an answer is typed, in the place of the output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from tui.display import content, display_text
from tui.widgets.edge_line import EdgeLine
from tui.widgets.shown import Shown
from tui.widgets.signs import signs


class Field(msgspec.Struct, frozen=True):
    """One thing to type: its name, its label, what it holds, what it wants."""

    name: str
    label: str
    value: str = ""
    wanted: str = ""


class Prompt(msgspec.Struct, frozen=True):
    """What is asked for.

    Attributes:
        purpose: what the values are for: an answer, ``note``, ``find``, ….
        about: ids of the steps that are answered.
        hint: one line on what belongs here.
        fields: one to three.
    """

    purpose: str
    title: str
    hint: str
    fields: tuple[Field, ...]
    about: tuple[str, ...] = ()
    rest: Mapping[str, str] = {}


FIELDS = 3
"""As many texts are asked for at once at most."""


class AnswerLine(Vertical):
    """Asks for a few short texts.

    What was typed is told with every way out, so that nothing is ever lost.
    """

    DEFAULT_CSS = """
    AnswerLine Shown { width: auto; }
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

    ready = False
    """Whether the fields are there; they come after the first picture."""

    prompt: Prompt | None = None
    """What is being asked, None while the line is closed."""

    def compose(self) -> ComposeResult:
        yield EdgeLine(signs().rule, id="answer-title")
        yield EdgeLine(id="answer-hint")

    def on_mount(self) -> None:
        self._ahead: list[events.Key] = []
        # Not in compose: the first picture need not wait for what it does not show.
        self.call_after_refresh(self._mount_fields)

    async def _mount_fields(self) -> None:
        rows = []
        for number in range(FIELDS):
            box = Input(compact=True, id=f"answer-{number}", select_on_focus=False)
            # A blinking cursor would write to an idle terminal.
            box.cursor_blink = False
            label = Shown()
            rows.append(Horizontal(label, box, classes="answer-field"))
        await self.mount_all(rows)
        self.ready = True
        if self.prompt is not None:
            self.ask(self.prompt)

    def ask(self, prompt: Prompt) -> None:
        """Open with *prompt*, the cursor in its first field."""
        self.prompt = prompt if not self.ready else None
        self.display = True
        if not self.ready:
            return
        rule = signs().rule
        title = content(f"{rule} {prompt.title} ", "$accent")
        self.query_one("#answer-title", EdgeLine).show(title)
        hint = content(prompt.hint, "$foreground-muted")
        self.query_one("#answer-hint", EdgeLine).show(hint)
        for row, asked in zip(self._rows(), self._padded(prompt), strict=True):
            row.display = asked is not None
            if asked is not None:
                row.query_one(Shown).show(content(f"{asked.label}: "))
                box = row.query_one(Input)
                box.value = asked.value
                box.placeholder = display_text(asked.wanted)
                box.cursor_position = len(asked.value)
        self.prompt = prompt
        # At once: Widget.focus would come after keys that are already on their way.
        self.screen.set_focus(self.query_one("#answer-0", Input))
        ahead, self._ahead = self._ahead, []
        for key in ahead:
            self.take(key)

    def take(self, key: events.Key) -> None:
        """Take a key that was typed before the field for it was there."""
        if not self.ready:
            self._ahead.append(key)
            return
        box = self.query_one("#answer-0", Input)
        if key.is_printable and key.character:
            box.insert_text_at_cursor(key.character)
        elif key.key == "backspace":
            box.action_delete_left()
        elif key.key == "enter" and self.prompt:
            self.post_message(self.Given(self.prompt, self.values()))

    def close(self) -> None:
        self.prompt = None
        self._ahead.clear()
        self.display = False

    def leave(self) -> None:
        """Close without an answer; what was typed is told."""
        if prompt := self.prompt:
            values = self.values()
            self.close()
            self.post_message(self.Left(prompt, values))

    def values(self) -> dict[str, str]:
        """Return what is typed at this moment, by field name."""
        if self.prompt is None or not self.ready:
            return {}
        boxes = [row.query_one(Input).value for row in self._rows()]
        return {
            asked.name: value
            for asked, value in zip(self.prompt.fields, boxes, strict=False)
        }

    def next_field(self) -> None:
        """Go to the next field, from the last to the first."""
        boxes = [row.query_one(Input) for row in self._rows() if row.display]
        here = next((i for i, box in enumerate(boxes) if box.has_focus), -1)
        boxes[(here + 1) % len(boxes)].focus()

    def _rows(self) -> Iterator[Horizontal]:
        yield from self.query(".answer-field").results(Horizontal)

    @staticmethod
    def _padded(prompt: Prompt) -> list[Field | None]:
        return [*prompt.fields, *[None] * FIELDS][:FIELDS]

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
