"""What hands do, what terminals and fingers do by themselves, and how both are told."""

from __future__ import annotations

import asyncio

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from runbooks.asking import Question, Reply
from runbooks.tables import CommandClass
from tests.tui.test_question import NOT_YET, asked
from tui import hands
from tui.hands import BETWEEN, DEAD_TIME, REST, Hands
from tui.screens import question as dialog
from tui.screens.deliberate import Deliberate

pytestmark = pytest.mark.usefixtures("own_hands")
DELETE = Question(
    id="q",
    title="Delete",
    text="rm -r two",
    original="rm -r two",
    command_class=CommandClass.DESTRUCTIVE,
    target="eu",
    confirm=True,
    type_word="eu",
)
PAINTED = 10.0
AWAKE = PAINTED + DEAD_TIME


@pytest.mark.parametrize(
    ("times", "taken"),
    [
        ([AWAKE, AWAKE + 2 * BETWEEN, AWAKE + 1], [True, True, True]),
        ([PAINTED - 1, AWAKE + 0.1], [False, True]),
        ([AWAKE - 0.1, AWAKE + 0.3, AWAKE + 0.9], [False, False, True]),
        ([AWAKE, AWAKE + 0.01, AWAKE + 0.1, AWAKE + 0.7], [True, False, False, True]),
    ],
    ids=["a hand", "before it was there", "still typing", "pasted"],
)
def test_which_keys_count(times: list[float], taken: list[bool]) -> None:
    mine = Hands()
    mine.painted(PAINTED)
    assert [mine.takes(at) for at in times] == taken


def test_a_key_that_is_held_confirms_nothing() -> None:
    mine = Hands()
    mine.painted(PAINTED)
    assert mine.takes(AWAKE)
    mine.answered()
    assert not mine.confirms(AWAKE + REST / 2)
    assert not mine.takes(AWAKE + REST / 2)
    assert not mine.confirms(AWAKE + 9)


def test_one_key_alone_confirms() -> None:
    mine = Hands()
    mine.painted(PAINTED)
    assert mine.takes(AWAKE)
    mine.answered()
    assert mine.confirms(AWAKE + REST)


async def by_hand(pilot: Pilot[None], *keys: str) -> None:
    for key in keys:
        await asyncio.sleep(2 * BETWEEN)
        await pilot.press(key)


def send(pilot: Pilot[None], *what: events.Event) -> None:
    """Send them as one read of the terminal does."""
    assert pilot.app._driver is not None
    for event in what:
        event.set_sender(pilot.app)
        pilot.app._driver.send_message(event)


async def test_what_is_typed_ahead_is_dropped_and_then_a_hand_confirms() -> None:
    async with asked(DELETE, awake=False) as asking:
        send(asking.pilot, *(events.Key(key, None) for key in ("e", "u", "enter")))
        await asking.wake()
        assert asking.app.screen.query_one("#word", Input).value == ""
        await by_hand(asking.pilot, "e", "u", "enter")
        await asyncio.sleep(2 * REST)
        await asking.pilot.pause()
        assert asking.reply == Reply(typed="eu")


async def test_what_is_pasted_is_not_taken_and_that_is_said() -> None:
    async with asked(DELETE) as asking:
        word = asking.app.screen.query_one("#word", Input)
        send(asking.pilot, events.Paste("eu"))
        await asking.pilot.pause()
        assert word.value == "" and "what is pasted does not count" in asking.text
        await asyncio.sleep(2 * BETWEEN)
        send(asking.pilot, *(events.Key(key, None) for key in ("e", "u", "enter")))
        await asyncio.sleep(2 * REST)
        await asking.pilot.pause()
        assert word.value == "" and "Too quick for a hand" in asking.text
        assert asking.reply is NOT_YET


async def test_after_a_minute_it_does_nothing_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dialog, "STANDS", 0.3)
    async with asked(DELETE) as asking:
        while "Close this, ask again" not in asking.text:
            await asking.pilot.pause(0.05)
        await by_hand(asking.pilot, "e", "u", "2")
        assert asking.reply is NOT_YET
        await by_hand(asking.pilot, "enter")
        assert asking.reply is None


def test_tests_that_want_them_have_the_real_hands() -> None:
    assert hands.DEAD_TIME == 0.5 and hands.BETWEEN == 0.02
    assert Deliberate.confirm.__name__ == "confirm"
