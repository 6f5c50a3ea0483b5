"""Help: the keys of the place where it was asked for."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.screen import Screen

from tui.app import GonogoApp
from tui.config import Config
from tui.keymap import bindings, keys_of
from tui.screens.help import HelpScreen
from tui.widgets.text_view import TextView


class Place(Screen[None]):
    BINDINGS: ClassVar[list[BindingType]] = bindings("runbook", "find", "list")


async def test_every_key_of_the_place_is_told_and_none_other() -> None:
    app = GonogoApp(Place)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        text = app.screen.query_one(TextView).text
        for key in keys_of("runbook"):
            assert key.help in text
        assert "Break long lines" not in text, "a key of the output screen"
        for word in ("waive", "n/a", "skip", "unknown"):
            assert f"{word}   " in text


async def test_it_scrolls_at_80x24_and_goes_back() -> None:
    app = GonogoApp(Place)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        view = app.screen.query_one(TextView)
        assert view.below > 0
        await pilot.press("G")
        assert view.below == 0 and view.top > 0
        await pilot.press("g")
        assert view.top == 0
        await pilot.press("escape")
        assert isinstance(app.screen, Place)
        await pilot.press("question_mark", "q")
        assert isinstance(app.screen, Place), "q goes back; it does not leave"


async def test_remapped_keys_are_told() -> None:
    app = GonogoApp(Place, Config(keymap={"step.note": "T"}))
    async with app.run_test() as pilot:
        await pilot.press("question_mark")
        lines = app.screen.query_one(TextView).text.splitlines()
        (line,) = [line for line in lines if "Note on this step" in line]
        assert line.split()[0] == "T"
