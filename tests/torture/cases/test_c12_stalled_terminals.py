"""A terminal that nobody reads: limits are kept, and SIGTERM ends the screen."""

from __future__ import annotations

import json
import random
import signal
import time
from pathlib import Path

import pytest

from tests.torture.abreast import abreast, worst
from tests.torture.cases.test_c11_lost_terminals import SIZE, begin
from tests.torture.drill import Drill
from tests.torture.results import SAMPLE, result, size
from tests.tui.terminals import terminal

STALL = 5.0 if SAMPLE else 60.0
WALL = 2.0 if SAMPLE else 5.0
"""Seconds that the command may take, and does not keep to."""
LATE, END = 1.0, 3.0
JOB = "while :; do echo $RANDOM; done"


@pytest.mark.timeout(3600)
def test_limits_are_kept_and_the_screen_ends(tmp_path: Path) -> None:
    def trial(number: int, chance: random.Random) -> tuple[float, float]:
        drill = Drill(tmp_path / str(number), (JOB,))
        text = drill.book.read_text()
        drill.book.write_text(text.replace("name=job00", f"timeout={WALL:.0f}s"))
        drill.trust()
        with terminal(drill.program, drill.home, drill.env, size=SIZE) as shown:
            begin(shown, b"while", drill.supervised)
            stalled = time.monotonic() + STALL
            late = waited(drill, stalled) - WALL
            time.sleep(max(0.0, stalled - time.monotonic()))
            sent = time.monotonic()
            shown.process.send_signal(signal.SIGTERM)
            assert shown.process.wait(20) == 128 + signal.SIGTERM
            ended = time.monotonic() - sent
        drill.await_none()
        assert drill.events("command_finished"), "nor did the journal wait"
        return late, ended

    done = abreast("stalled terminals", size(50, 2), trial, at_once=10)
    late, ended = zip(*done, strict=True)
    result(
        "G12",
        "C12",
        f"nobody reads the terminal for {STALL:.0f} s, then SIGTERM",
        f"limits late by {LATE:.0f} s or less, ended in {END:.0f} s or less",
        f"late: {worst(late)}; ended: {worst(ended)}; {len(done)} trials",
        max(late) < LATE and max(ended) < END,
    )


def waited(drill: Drill, limit: float) -> float:
    """Return how long the command ran, by its supervisor, before *limit*."""
    while time.monotonic() < limit:
        assert drill.run
        for path in drill.run.glob("outputs/*.exit"):
            ending = json.loads(path.read_bytes())
            assert ending["ending"] == "wall limit"
            return float(ending["seconds"])
        time.sleep(0.05)
    raise AssertionError("the limit was not kept while nobody read the terminal")


STOCK = """
import asyncio, time
from pathlib import Path
from textual.app import App
from textual.widgets import Static

class Stock(App):
    def compose(self):
        yield Static("")
    def on_mount(self):
        self.set_interval(0.02, self.paint)
        self.run_worker(self.work())
    def paint(self):
        text = chr(97 + time.monotonic_ns() % 26) * self.size.width
        self.query_one(Static).update("\\n".join([text] * self.size.height))
    async def work(self):
        process = await asyncio.create_subprocess_exec("sleep", "60")
        (Path.home() / "begun").touch()
        try:
            await asyncio.wait_for(process.wait(), 4)
        except TimeoutError:
            process.kill()
            (Path.home() / "kept").touch()

Stock().run()
"""


def test_a_stock_app_fails_so(tmp_path: Path) -> None:
    drill = Drill(tmp_path, ())
    with terminal(STOCK, drill.home, drill.env, size=SIZE) as shown:
        shown.until((drill.home / "begun").exists)
        time.sleep(4 + 2 * LATE)
        assert not (drill.home / "kept").exists()
    drill.kill_all()
