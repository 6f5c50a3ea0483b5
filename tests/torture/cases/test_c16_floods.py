"""Output without end: the command is not slowed, the screen lives, little is kept."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from tests.runbooks.running import begin as begin_alone
from tests.runbooks.running import run, until
from tests.torture.cases.test_c11_lost_terminals import SIZE, begin
from tests.torture.drill import OPEN, Drill
from tests.torture.results import SAMPLE, counted, result
from tests.tui.terminals import terminal

SIZE_IN_ALL = (64 << 20) if SAMPLE else (1 << 30)
SECONDS, GROWTH, GAP = 30.0, 64 << 20, 0.1
BEATING = """
import time
from pathlib import Path
from tui import opening
prepare = opening.prepare_screen

def prepared(**options):
    config = prepare(**options)
    from tui.desk import Desk  # not before: it imports Textual
    ready, beats = Desk.on_ready, open(Path.home() / "beats", "w", buffering=1)
    turns = open("/proc/thread-self/schedstat")

    def beat():
        turns.seek(0)
        waited = int(turns.read().split()[1]) / 1e9
        beats.write(f"{time.monotonic()} {waited}\\n")

    def beating(self):
        ready(self)
        self.set_interval(0.01, beat)

    Desk.on_ready = beating
    return config

opening.prepare_screen = prepared
"""
"""The screen's loop notes when it had its turn, and how long it has waited for a
processor in all: that is the machine's doing."""


def longest_gap(beats: str, since: float) -> float:
    """Return the longest time between two turns, in seconds, less that wait."""
    pairs = [tuple(map(float, line.split())) for line in beats.splitlines()]
    kept = [(at, waited) for at, waited in pairs if at > since]
    return max(b[0] - a[0] - (b[1] - a[1]) for a, b in pairwise(kept))


STEADY = """
import sys, time
began, number = time.monotonic(), 0
while (past := time.monotonic() - began) < {seconds}:
    while number < past * {rate}:
        print("line", number, "of output, as programs print")
        number += 1
    sys.stdout.flush()
    time.sleep(0.01)
"""
RATE = 10_000
"""Lines a second of a program that never rests."""
MINUTES = 0.1 if SAMPLE else 10.0


@dataclass(frozen=True, slots=True)
class Flooded:
    """What a flood did; memory is what was taken more than before, in bytes."""

    size: int
    seconds: float
    memory: dict[str, int]
    gap: float

    @property
    def said(self) -> str:
        memory = [f"{grown >> 20} MiB {name}" for name, grown in self.memory.items()]
        return f"{self.seconds:.1f} s, {', '.join(memory)}, {self.gap * 1000:.0f} ms"

    @property
    def calm(self) -> bool:
        return max(self.memory.values()) < GROWTH and self.gap < GAP


def flooded(home: Path, job: str, limit: float) -> Flooded:
    """Run *job* on the screen, and look at screen and supervisor meanwhile."""
    drill = Drill(home, (job,))
    program = BEATING + OPEN.format(words=drill.words)
    most = {"screen": 0, "supervisor": 0}
    with terminal(program, drill.home, drill.env, size=SIZE) as shown:
        shown.until(b"Decide 00")
        screen = psutil.Process(shown.process.pid)
        before = screen.memory_info().rss
        began = time.monotonic()
        begin(shown, b"job00", drill.supervised)
        supervisor = psutil.Process(drill.supervised()[0][0])
        small = supervisor.memory_info().rss

        def ended() -> bool:
            grown = screen.memory_info().rss - before
            most["screen"] = max(most["screen"], grown)
            with suppress(psutil.NoSuchProcess):
                grown = supervisor.memory_info().rss - small
                most["supervisor"] = max(most["supervisor"], grown)
            return bool(drill.events("command_finished"))

        shown.until(ended, limit)
        gap = longest_gap((drill.home / "beats").read_text(), began)
        shown.process.terminate()
        shown.ended()
    assert drill.run
    (exit_file,) = drill.run.glob("outputs/*.exit")
    ending = json.loads(exit_file.read_bytes())
    assert ending["ending"] == "exit", ending
    return Flooded(ending["size"], ending["seconds"], most, gap)


@pytest.mark.timeout(600)
def test_a_flood_of_lines(tmp_path: Path) -> None:
    job = f"yes 'a line of output, as programs print' | head -c {SIZE_IN_ALL}"
    found = flooded(tmp_path / "drill", job, 120)
    assert found.size >= SIZE_IN_ALL
    result(
        "G14",
        "C16",
        f"{SIZE_IN_ALL >> 20} MiB of lines",
        f"{SECONDS:.0f} s, {GROWTH >> 20} MiB, {GAP * 1000:.0f} ms longest gap",
        found.said,
        found.seconds < SECONDS and found.calm,
    )


@pytest.mark.timeout(1800)
def test_a_program_that_never_rests(tmp_path: Path) -> None:
    seconds = MINUTES * 60
    (tmp_path / "steady.py").write_text(STEADY.format(seconds=seconds, rate=RATE))
    job = f"{sys.executable} {tmp_path / 'steady.py'}"
    found = flooded(tmp_path / "drill", job, seconds + 60)
    lines = found.size // len("line 100000 of output, as programs print\n")
    assert lines > 0.95 * RATE * seconds
    result(
        "G14",
        "C16",
        f"{RATE:,} lines a second, {MINUTES:g} minutes long",
        f"{GROWTH >> 20} MiB, {GAP * 1000:.0f} ms longest gap",
        f"{found.said}, {found.size >> 20} MiB of output",
        found.calm,
    )


SHAPES = {
    "no line ends": ("head -c 200000000 /dev/zero | tr '\\0' x", 200_000_000),
    "NUL bytes": ("head -c 5000000 /dev/zero", 5_000_000),
    "not UTF-8": ("head -c 5000000 /dev/zero | tr '\\0' '\\377'", 5_000_000),
    "bit by bit": ("for i in 1 2 3 4 5; do printf x; sleep 0.3; done", 5),
    "escapes": (
        "yes \"$(printf '\\033[2J\\033]0;t\\007')\" | head -c 5000000",
        5_000_000,
    ),
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_byte_is_kept(tmp_path: Path, shape: str) -> None:
    """Nothing is a secret here, so nothing may be changed either."""
    counted("output_shapes", len(SHAPES))
    text, size = SHAPES[shape]
    ending, said = run(tmp_path, f"{{ {text}; }} | tee >(sha256sum >sum)")
    assert (ending.ending, ending.code, ending.size) == ("exit", 0, size)
    digest = until(lambda: (tmp_path / "sum").read_text().partition(" ")[0])
    assert hashlib.sha256(said).hexdigest() == digest


def test_output_that_is_closed_ends_nothing(tmp_path: Path) -> None:
    running = begin_alone(tmp_path, "exec >&- 2>&-; sleep 0.5; exit 3")
    assert until(running.ending).code == 3


def test_a_reader_that_keeps_all_in_memory_fails_so() -> None:
    """The harness sees memory that grows with the output."""
    before = psutil.Process().memory_info().rss
    kept = []
    with open("/dev/zero", "rb") as endless:
        while sum(map(len, kept)) < 2 * GROWTH:
            kept.append(bytes(bytearray(endless.read(1 << 20))))
    assert psutil.Process().memory_info().rss - before > GROWTH
