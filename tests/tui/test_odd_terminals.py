"""gonogo as it is started, where the terminal is not what one hopes for."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import psutil
import pytest

from tests.tui.terminals import ESCAPE, ROOT, Terminal, terminal

STYLE = re.compile(rb"\x1b\[([0-9;:]*)m")
COLOURS = {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "drill.md"
    path.write_text("# Übung – drill\n\n- [ ] The café is öpen → 日本\n- [ ] Second\n")
    return path


def gonogo(
    *words: str | Path,
    env: Mapping[str, str | None] | None = None,
    size: tuple[int, int] = (80, 24),
) -> AbstractContextManager[Terminal]:
    """Run the command in a home beside the runbook."""
    argv = [str(word) for word in words]
    home = Path(argv[-1]).parent / "home"
    home.mkdir(exist_ok=True)
    program = f"import sys; from tui.__main__ import main; sys.exit(main({argv!r}))"
    return terminal(program, home, env, size=size)


def decided(book: Path) -> list[str]:
    """Return the steps that the journal says were decided."""
    (journal,) = (book.parent / "home").glob(".local/state/gonogo/runs/*/journal.jsonl")
    events = map(json.loads, journal.read_text().splitlines())
    return [event["step"] for event in events if event["kind"] == "decided"]


def settle(shown: Terminal) -> None:
    """Read until half a second passes without a byte."""
    while shown.read(0.5):
        pass


def leave(shown: Terminal) -> None:
    before = len(shown.seen)
    shown.type(b"q")
    shown.until(
        lambda: b"on shift" in shown.seen[before:] or shown.process.poll() is not None
    )
    if shown.process.poll() is None:
        shown.type(b"\r")
    assert shown.ended() == 0


def test_a_small_terminal_is_told_and_nothing_is_lost(book: Path) -> None:
    with gonogo(book, size=(40, 10)) as shown:
        shown.until(b"terminal is 40x10")
        settle(shown)
        shown.type(b" ")  # decides nothing: nobody sees what would be decided
        shown.resize(80, 24)
        shown.until(b"Second")
        shown.type(b" ")
        shown.until(lambda: len(decided(book)) == 1)
        settle(shown)
        shown.forget()
        shown.resize(40, 10)
        shown.until(b"terminal is 40x10")
        settle(shown)
        shown.forget()
        shown.resize(80, 24)
        shown.until(b"Second")
        leave(shown)
    assert len(decided(book)) == 1


@pytest.mark.parametrize("term", ["dumb", "unknown", "", None])
def test_a_terminal_that_cannot_place_text(book: Path, term: str | None) -> None:
    with gonogo(book, env={"TERM": term}) as shown:
        assert shown.ended() == 2
    assert shown.seen.startswith(b"gonogo: ") and b"gonogo show" in shown.seen
    assert shown.seen.count(b"\n") == 1 and b"\x1b" not in shown.seen
    assert not list(book.parent.glob("home/.local/state/gonogo/runs/*"))


def test_no_input_is_no_screen(book: Path) -> None:
    program = f"""
import os, sys
os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
from tui.__main__ import main
sys.exit(main([{str(book)!r}]))
"""
    with terminal(program, book.parent) as shown:
        assert shown.ended() == 0
    assert b"Second" in shown.seen and b"\x1b" not in shown.seen


@pytest.mark.parametrize("locale", ["C", "POSIX", "de_DE.ISO-8859-1"])
def test_without_utf8_only_ascii_is_sent(book: Path, locale: str) -> None:
    env = {"LC_ALL": locale, "PYTHONUTF8": None}
    with gonogo(book, env=env) as shown:
        shown.until(b"Second")
        shown.type(b" ")
        shown.until(lambda: len(decided(book)) == 1)
        shown.type(b"?")
        settle(shown)
        shown.type(b"\x1b")
        settle(shown)
        leave(shown)
    assert shown.seen.isascii(), {byte for byte in shown.seen if byte > 127}


def test_no_colour_is_sent_where_none_is_wanted(book: Path) -> None:
    with gonogo(book, env={"NO_COLOR": "1"}) as shown:
        shown.until(b"Second")
        shown.type(b" ")
        shown.until(lambda: len(decided(book)) == 1)
        shown.type(b"x")
        settle(shown)
        shown.type(b"\x1b")
        settle(shown)
        shown.type(b"?")
        settle(shown)
        shown.type(b"q")
        settle(shown)
        leave(shown)
    styles = {
        int(number)
        for style in STYLE.findall(shown.seen)
        for number in re.split(rb"[;:]", style)
        if number
    }
    assert styles, "bold and reverse still tell things apart"
    assert not styles & COLOURS


def test_a_terminal_that_does_not_say_its_size_is_painted_once(book: Path) -> None:
    with gonogo(book, size=(0, 0)) as shown:
        shown.until(b"Second")
        settle(shown)
        seen = len(shown.seen)
        settle(shown)
        settle(shown)
        assert len(shown.seen) == seen
        shown.resize(80, 24)
        settle(shown)
        leave(shown)
    assert len(ESCAPE.sub(b"", shown.seen)) < 20 * 80 * 24


def test_an_idle_screen_takes_no_processor(book: Path) -> None:
    with gonogo(book) as shown, gonogo(book) as other:
        for one in (shown, other):
            one.until(b"Second")
            settle(one)
        process = psutil.Process(shown.process.pid)
        before = process.cpu_times()
        until = time.monotonic() + 4
        while time.monotonic() < until:
            shown.read()
            other.read()
        after = process.cpu_times()
        used = after.user + after.system - before.user - before.system
        assert used < 0.05 * 4, f"{used} s of 4 s"
        leave(shown)
        leave(other)


def test_resized_while_it_is_walked(book: Path) -> None:
    dice = random.Random(17)
    with gonogo(book) as shown:
        shown.until(b"Second")
        for key in (
            b"x",
            b"no",
            b"\r",
            b"?",
            b"\x1b",
            b"C",
            b"\x1b",
            b"t",
            b"so",
            b"\r",
        ):
            shown.resize(*dice.choice([(80, 24), (60, 16), (120, 40), (200, 60)]))
            shown.type(key)
            settle(shown)
        shown.resize(80, 24)
        settle(shown)
        assert len(decided(book)) == 1
        leave(shown)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_descriptors_are_no_files_of_ours(book: Path, closed: str) -> None:
    home = book.parent / "home"
    words = f"exec {sys.executable} -m tui decide {book} Second pass {closed}"
    env = {**os.environ, "HOME": str(home)}
    done = subprocess.run(["bash", "-c", words], cwd=ROOT, env=env, check=False)
    assert done.returncode == 0
    assert len(decided(book)) == 1, "the journal is whole"


def test_output_that_cannot_be_written_is_no_bug(book: Path) -> None:
    words = f"{sys.executable} -m tui show {book} >/dev/full"
    done = subprocess.run(["bash", "-c", words], cwd=ROOT, capture_output=True)
    assert done.returncode == 2
    assert b"cannot be written (No space left on device)" in done.stderr
