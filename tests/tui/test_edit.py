"""Editing a copy: what runs is all that was typed, however fast."""

from __future__ import annotations

from textual import events
from textual.app import App

from tests.tui.walking import until
from tui.screens.edit import EditScreen


class Editing(App[None]):
    """Shows the screen; `given` is what came of it."""

    given: str | None = "nothing yet"

    def on_mount(self) -> None:
        self.push_screen(EditScreen(""), self.keep)

    def keep(self, text: str | None) -> None:
        self.given = text


def burst(app: Editing, text: str, last: str) -> None:
    """All at once, as a paste or a slow line brings it."""
    for letter in text:
        app.post_message(events.Key(letter if letter.isalnum() else "space", letter))
    app.post_message(events.Key(last, None))


async def test_the_key_that_runs_does_not_overtake_what_was_typed() -> None:
    app = Editing()
    async with app.run_test() as pilot:
        burst(app, "touch all of this and no half of it", "ctrl+r")
        await until(pilot, lambda: app.given != "nothing yet")
        assert app.given == "touch all of this and no half of it"


async def test_leaving_runs_nothing() -> None:
    app = Editing()
    async with app.run_test() as pilot:
        burst(app, "touch it", "escape")
        await until(pilot, lambda: app.given != "nothing yet")
        assert app.given is None
