"""A terminal that nobody reads: the screen's loop goes on and repaints later."""

from __future__ import annotations

import os
import pty
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from tests.tui.terminals import terminal
from tui.writer import LIMIT, FrameWriter

FRAME = "f" * 8192


@pytest.fixture
def sides() -> Iterator[tuple[int, TextIO]]:
    """Our side of a terminal, and the file that the program writes to."""
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as file:
        yield master, file
    os.close(master)


def drain(master: int, until: str, limit: float = 20) -> str:
    seen = b""
    end = time.monotonic() + limit
    while until.encode() not in seen:
        assert time.monotonic() < end
        seen += os.read(master, 65536)
    return seen.decode()


def test_everything_arrives_in_order(sides: tuple[int, TextIO]) -> None:
    master, file = sides
    writer = FrameWriter(file, lambda: None)
    writer.start()
    for number in range(200):
        writer.write(f"<{number}>")
    writer.write("end")
    seen = drain(master, "end")
    assert seen == "".join(f"<{n}>" for n in range(200)) + "end"
    writer.stop()
    assert not writer.is_alive()


def test_a_stalled_terminal_costs_frames_and_never_waits(
    sides: tuple[int, TextIO],
) -> None:
    master, file = sides
    caught_up = threading.Event()
    writer = FrameWriter(file, caught_up.set)
    writer.start()
    for _ in range(1000):  # 8 MB that nobody reads: a blocking put never returns
        writer.write(FRAME)
    writer.write("\x1b[?25h")
    assert not caught_up.is_set()
    seen = drain(master, "\x1b[?25h")
    assert len(seen) < LIMIT + 4 * len(FRAME), "frames were dropped"
    assert caught_up.wait(10), "and the screen is told to paint anew"
    writer.write("later")
    drain(master, "later")
    writer.stop()


def test_halves_of_a_synchronised_frame_are_dropped_together(
    sides: tuple[int, TextIO],
) -> None:
    master, file = sides
    writer = FrameWriter(file, lambda: None)
    writer.start()
    for _ in range(100):
        writer.write("\x1b[?2026h")
        writer.write(FRAME)
        writer.write("\x1b[?2026l")
    writer.write("end")
    seen = drain(master, "end")
    assert seen.count("\x1b[?2026h") == seen.count("\x1b[?2026l") == seen.count(FRAME)
    writer.stop()


def test_stopping_does_not_wait_for_a_stalled_terminal(
    sides: tuple[int, TextIO],
) -> None:
    _, file = sides
    writer = FrameWriter(file, lambda: None)
    writer.start()
    for _ in range(20):
        writer.write(FRAME)
    writer.stop()  # returns: the suite's time limit is the assertion


def test_the_flags_of_the_shell_s_terminal_are_left_alone(
    sides: tuple[int, TextIO],
) -> None:
    _, file = sides
    writer = FrameWriter(file, lambda: None)
    writer.start()
    writer.write("x")
    assert os.get_blocking(file.fileno())
    writer.stop()


BUSY = """
import sys
from textual.screen import Screen
from textual.widgets import Static
from tui.app import GonogoApp

beats = open(sys.argv[1], "w", buffering=1)

class Busy(Screen):
    count = 0
    def compose(self):
        yield Static("")
    def on_mount(self):
        self.set_interval(0.02, self.beat)
    def beat(self):
        self.count += 1
        beats.write(f"{self.count}\\n")
        line = chr(97 + self.count % 26) * self.size.width
        text = "\\n".join([f"beat {self.count}", *[line] * (self.size.height - 1)])
        self.query_one(Static).update(text)

GonogoApp(Busy).run_on_terminal(lambda: None)
"""


def test_the_loop_goes_on_and_the_screen_catches_up(tmp_path: Path) -> None:
    log = tmp_path / "beats"
    program = f"import sys; sys.argv[1:] = [{str(log)!r}]\n{BUSY}"
    with terminal(program, tmp_path) as shown:
        shown.until(b"beat")
        end = time.monotonic() + 60
        # Nobody reads. 30 queued frames would stop the loop long before this.
        while len(log.read_text().splitlines()) < 150:
            assert time.monotonic() < end
            time.sleep(0.05)
        skipped = len(log.read_text().splitlines())
        shown.until(lambda: f"beat {skipped}"[:6].encode() in shown.seen[-60_000:])
        before = len(shown.seen)
        shown.until(lambda: b"beat" in shown.seen[before:])
        shown.type(b"\x11")
        assert shown.ended() == 0
