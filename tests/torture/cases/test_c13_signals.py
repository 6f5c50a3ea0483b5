"""Each signal at any moment: the terminal is given back, and nothing is lost."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from tests.torture.abreast import abreast
from tests.torture.cases.test_c11_lost_terminals import (
    JOB,
    SIZE,
    Moment,
    acting,
    assert_only_commands_go_on,
    commanding,
    deciding,
    end_commands,
    idle,
    opening,
    talking,
    within,
)
from tests.torture.drill import Drill
from tests.torture.results import counted, result, seed, size
from tests.tui.terminals import Terminal, left_behind, terminal

SIGNALS = (
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTSTP,
)
MOMENTS = (opening, idle, deciding, commanding, acting)


def send(
    drill: Drill, program: str, number: int, moment: Moment, chance: random.Random
) -> None:
    """Send it at *moment*; the terminal has to be as it was before."""
    with terminal(program, drill.home, drill.env, size=SIZE) as shown:
        before = shown.modes()
        moment(shown, drill, chance)
        decided = {event["step"] for event in drill.events("decided")}
        if number == signal.SIGTSTP:
            stop_and_go_on(shown, before)
            number = signal.SIGTERM
        shown.process.send_signal(number)
        # Before the screen begins a signal does what it does to every Python; an
        # interrupt while that itself begins is exit code 1.
        assert shown.ended() in (128 + number, -number, number == signal.SIGINT)
        assert_as_before(shown, before)
    assert_only_commands_go_on(drill, moment)
    assert decided <= {event["step"] for event in drill.events("decided")}


def stop_and_go_on(shown: Terminal, before: list[object]) -> None:
    """Stop it as Ctrl-Z would; where it cannot be stopped yet, it goes on."""
    state = Path(f"/proc/{shown.process.pid}/stat")

    def stopped() -> bool:
        return state.read_text().rpartition(")")[2].split()[0] == "T"

    shown.process.send_signal(signal.SIGTSTP)
    within(shown, 3, stopped)
    while shown.read():
        pass
    if stopped():
        assert_as_before(shown, before)
        begun = len(shown.seen)
        shown.process.send_signal(signal.SIGCONT)
        if b"Decide 00" in shown.seen:
            shown.until(lambda: b"Decide 00" in shown.seen[begun:])


def assert_as_before(shown: Terminal, before: list[object]) -> None:
    assert not left_behind(shown.seen)
    assert shown.modes() == before, "echo, lines, keys"


@pytest.mark.timeout(3600)
def test_the_terminal_is_given_back(tmp_path: Path) -> None:
    counted("signals", len(SIGNALS))
    counted("signal_moments", len(MOMENTS))

    def trial(number: int, chance: random.Random) -> None:
        drill = Drill(tmp_path / str(number), (JOB,))
        moment = MOMENTS[(number // len(SIGNALS) + seed()) % len(MOMENTS)]
        send(drill, drill.program, SIGNALS[number % len(SIGNALS)], moment, chance)
        end_commands(drill)

    each = len(abreast("signals", size(500, 10), trial)) // len(SIGNALS)
    names = ", ".join(number.name for number in SIGNALS)
    result(
        "G13",
        "C13",
        f"{names} at a random moment",
        "all modes reset, 0 decisions lost",
        f"{each} of {each} for each signal",
        True,
    )


def test_one_who_has_the_terminal_is_stopped_and_it_is_given_back(
    tmp_path: Path,
) -> None:
    drill = Drill(tmp_path / "drill", ())
    send(drill, drill.program, signal.SIGTERM, talking, random.Random(1))
    drill.await_none(limit=5)


STOCK = """
from textual.app import App
from textual.widgets import Static

class Stock(App):
    def compose(self):
        yield Static("Decide 00")

Stock().run()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_stock_app_fails_so(tmp_path: Path, number: signal.Signals) -> None:
    drill = Drill(tmp_path, ())
    with pytest.raises(AssertionError, match="assert not"):
        send(drill, STOCK, number, idle, random.Random(1))
