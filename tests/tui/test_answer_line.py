"""The answer line: what is typed is told, with every way out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from textual.app import App, ComposeResult

from tui.widgets.answer_line import AnswerLine, Field, Prompt

TWO = Prompt("waive", "waive", "why", (Field("note", "note"), Field("until", "until")))


class Asking(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, Mapping[str, str]]] = []

    def compose(self) -> ComposeResult:
        yield AnswerLine()

    def on_answer_line_given(self, message: Any) -> None:
        self.told.append(("given", message.values))

    def on_answer_line_left(self, message: Any) -> None:
        self.told.append(("left", message.values))

    def on_answer_line_typed(self, message: Any) -> None:
        self.told.append(("typed", message.values))


async def ready(app: Asking) -> AnswerLine:
    """Return the line once its fields are there: they come after the first picture."""
    line = app.query_one(AnswerLine)
    while not line.ready:
        await asyncio.sleep(0.01)
    return line


async def test_enter_gives_both_fields_and_stays_open_for_a_refusal() -> None:
    app = Asking()
    async with app.run_test() as pilot:
        line = await ready(app)
        line.ask(TWO)
        await pilot.press("a", "[")
        line.next_field()
        await pilot.press("b", "enter")
        assert app.told[-1] == ("given", {"note": "a[", "until": "b"})
        assert line.prompt is TWO


async def test_every_key_is_told_and_leaving_tells_what_was_typed() -> None:
    app = Asking()
    async with app.run_test() as pilot:
        line = await ready(app)
        line.ask(TWO)
        await pilot.press("a")
        assert ("typed", {"note": "a", "until": ""}) in app.told
        line.leave()
        await pilot.pause()
        assert app.told[-1] == ("left", {"note": "a", "until": ""})
        assert line.prompt is None and line.values() == {}


async def test_a_draft_is_there_again_with_the_cursor_behind_it() -> None:
    app = Asking()
    async with app.run_test() as pilot:
        line = await ready(app)
        line.ask(Prompt("note", "note", "", (Field("text", "note", "so "),)))
        await pilot.press("f", "a", "r")
        assert line.values() == {"text": "so far"}
