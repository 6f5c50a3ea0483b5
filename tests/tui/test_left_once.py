"""Screens that are left with a result: once, whatever is still on its way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.screen import Screen

from runbooks.asking import Question, Reply
from runbooks.errors import DocumentError, GonogoError
from runbooks.model import Runbook
from runbooks.tables import CommandClass
from tui.app import GonogoApp
from tui.screens.edit import EditScreen
from tui.screens.help import HelpScreen
from tui.screens.leave import LeaveScreen
from tui.screens.loading import LoadingScreen
from tui.screens.question import QuestionScreen

CHANGE = Question(
    id="q",
    title="Run a command",
    text="touch x",
    original="touch x",
    cwd="/srv",
    command_class=CommandClass.MUTATE,
    untrusted=("command touch x",),
    confirm=True,
)


async def replies(
    make: Callable[[], Screen[Any]], *keys: tuple[str, str | None]
) -> list[Any]:
    """Send all *keys* at once to a screen; return every result that it gave."""
    app = GonogoApp(Screen)
    given: list[Any] = []
    async with app.run_test() as pilot:
        await app.push_screen(make(), given.append)
        while not app.screen.check_action("cancel", ()):
            await pilot.pause(0.02)
        await pilot.pause(0.1)
        for name, character in keys:
            event = events.Key(name, character)
            event.set_sender(app)
            app.post_message(event)
        for _ in range(100):
            if len(app.screen_stack) == 1:
                break
            await pilot.pause(0.02)
        await pilot.pause(0.1)
        assert len(app.screen_stack) == 1
    return given


@pytest.mark.parametrize(
    ("digits", "reply"),
    [
        ("22", Reply(trust="all")),
        ("12", None),
        ("13", None),
        ("23", Reply(trust="all")),
        ("222222", Reply(trust="all")),
    ],
)
async def test_the_first_digit_answers(digits: str, reply: Reply | None) -> None:
    keys = [(digit, digit) for digit in digits]
    assert await replies(lambda: QuestionScreen(CHANGE), *keys) == [reply]


async def test_escape_and_a_digit_answer_once() -> None:
    keys = ("escape", None), ("escape", None), ("2", "2")
    assert await replies(lambda: QuestionScreen(CHANGE), *keys) == [None]


async def test_the_other_screens_are_left_once() -> None:
    run, esc = ("ctrl+r", None), ("escape", None)
    assert await replies(lambda: EditScreen("echo"), run, run, esc) == ["echo"]
    stay = await replies(
        lambda: LeaveScreen(["sleep 9"], end=False), ("n", "n"), esc, esc
    )
    assert stay == [None]
    place: Screen[Any] = Screen()
    assert await replies(lambda: HelpScreen(place), esc, esc) == [None]


async def test_the_key_that_leaves_takes_the_note_along() -> None:
    keys = ("ctrl+q", None), ("ctrl+q", None)
    typed = await replies(lambda: LeaveScreen([], note=True, draft=" look "), *keys)
    assert typed == ["look"]
    assert await replies(lambda: LeaveScreen(["sleep 9"]), ("ctrl+q", None)) == [""]


async def test_reading_ends_behind_another_screen(tmp_path: Path) -> None:
    path = tmp_path / "long.md"
    path.write_text("# Long")
    may_end = threading.Event()
    wrong = DocumentError(path, "it is long")

    def read(path: Path, at: Callable[[float], bool]) -> Runbook:
        may_end.wait(5)
        raise wrong

    app = GonogoApp(Screen)
    given: list[Runbook | GonogoError | None] = []
    async with app.run_test() as pilot:
        app.push_screen(LoadingScreen(path, read), given.append)
        await pilot.pause()
        await pilot.press("question_mark")
        may_end.set()
        await pilot.pause(0.2)
        assert isinstance(app.screen, HelpScreen) and given == []
        await pilot.press("escape")
        await pilot.pause(0.2)
        assert given == [wrong] and len(app.screen_stack) == 1
