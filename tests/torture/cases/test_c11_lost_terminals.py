"""The terminal is gone, at any moment: gonogo ends at once and leaves no orphan.

An orphan is a process that no live supervisor owns.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.torture.abreast import abreast, worst
from tests.torture.drill import Drill, below
from tests.torture.results import counted, result, seed, size
from tests.tui.terminals import Terminal, terminal

LIMIT = 2.0
"""Seconds from the loss of the terminal to the end of the screen."""
JOB = "trap '' HUP; sleep 303 | cat"
SIZE = (100, 40)


def opening(shown: Terminal, drill: Drill, chance: random.Random) -> None:
    time.sleep(chance.uniform(0, 1.5))


def idle(shown: Terminal, drill: Drill, chance: random.Random) -> None:
    shown.until(b"Decide 00")
    time.sleep(chance.uniform(0, 0.5))


def deciding(shown: Terminal, drill: Drill, chance: random.Random) -> None:
    shown.until(b"Decide 00")
    for count in range(1, chance.randint(2, 6)):
        shown.type(b" ")
        shown.until(lambda count=count: len(drill.events("decided")) >= count)
    shown.type(b"   ")
    time.sleep(chance.uniform(0, 0.05))


def begin(shown: Terminal, name: bytes, done: Callable[[], object]) -> None:
    """Go to what is called *name* and press ``r`` until it is *done*."""
    shown.until(b"Decide 00")
    shown.type(b"/")
    shown.until(b"find:")
    shown.type(name + b"\r")
    for _ in range(20):
        if within(shown, 1, done):
            return
        shown.type(b"r")
    raise AssertionError(f"{name!r} did not begin")


def within(shown: Terminal, seconds: float, done: Callable[[], object]) -> bool:
    """Read for so long, or until it is *done*; return whether it is."""
    end = time.monotonic() + seconds
    shown.until(lambda: done() or time.monotonic() > end)
    return bool(done())


def commanding(shown: Terminal, drill: Drill, chance: random.Random) -> None:
    begin(shown, b"job00", drill.supervised)
    time.sleep(chance.uniform(0, 0.3))


def talking(shown: Terminal, drill: Drill, chance: random.Random) -> None:
    def talks() -> bool:
        return "sleep 302" in drill.processes().values()

    begin(shown, b"talk", talks)


def acting(shown: Terminal, drill: Drill, chance: random.Random) -> None:
    drill.hold.touch()
    begin(shown, b"Setting", lambda: b"why" in shown.seen)
    while True:
        time.sleep(1)  # keys that come sooner are not taken for an answer
        shown.by_hand(b"drill\r")
        if within(shown, 3, (drill.system / "setting").exists):
            break
    time.sleep(chance.uniform(0, 0.3))


Moment = Callable[[Terminal, Drill, random.Random], None]
MOMENTS: tuple[Moment, ...] = (opening, idle, deciding, commanding, talking, acting)


def lose(drill: Drill, program: str, moment: Moment, chance: random.Random) -> float:
    """Lose the terminal of *program* at *moment*; return how long it then lived."""
    with terminal(program, drill.home, drill.env, size=SIZE) as shown:
        moment(shown, drill, chance)
        decided = {event["step"] for event in drill.events("decided")}
        began = time.monotonic()
        shown.hang_up()
        shown.process.wait(20)
        lived = time.monotonic() - began
    assert_only_commands_go_on(drill, moment)
    assert decided <= {event["step"] for event in drill.events("decided")}
    return lived


def assert_only_commands_go_on(drill: Drill, moment: Moment) -> None:
    """Each process has a supervisor that lives; and there is one where there was."""
    owned = {pid for pair in drill.supervised() for pid in pair}
    assert bool(owned) == (moment in (commanding, acting))
    drill.await_none(lambda: {p for pid in owned for p in below(pid)}, limit=5)


def end_commands(drill: Drill) -> None:
    """Let the action finish and stop the command, which both went on."""
    drill.hold.unlink(missing_ok=True)
    for supervisor, _ in drill.supervised():
        if not drill.events("action_requested"):
            os.kill(supervisor, signal.SIGTERM)
    drill.await_none()
    assert (drill.system / "setting").exists() == bool(drill.events("action_requested"))


@pytest.mark.timeout(1800)
def test_the_screen_ends_and_leaves_no_orphan(tmp_path: Path) -> None:
    counted("lost_terminal_moments", len(MOMENTS))

    def trial(number: int, chance: random.Random) -> float:
        drill = Drill(tmp_path / str(number), (JOB,))
        moment = MOMENTS[(number + seed()) % len(MOMENTS)]
        lived = lose(drill, drill.program, moment, chance)
        end_commands(drill)
        return lived

    lived = abreast("lost terminals", size(200, 6), trial)
    quick = sum(each < LIMIT for each in lived)
    result(
        "G11",
        "C11",
        "the terminal is lost at a random moment",
        f"all end in {LIMIT:.0f} s, 0 orphans, 0 decisions lost",
        f"{quick} of {len(lived)} ({worst(lived)}), 0 orphans, 0 lost",
        quick == len(lived),
    )


STOCK = """
import subprocess
from textual.app import App
from textual.widgets import Static

class Stock(App):
    def compose(self):
        yield Static("Decide 00")
    def on_mount(self):
        subprocess.Popen(["sleep", "304"], start_new_session=True)

Stock().run()
"""


def test_a_stock_app_fails_so(tmp_path: Path) -> None:
    drill = Drill(tmp_path, ())
    with pytest.raises(AssertionError, match=r"left: .*sleep 304"):
        lose(drill, STOCK, idle, random.Random(1))
    drill.kill_all()
