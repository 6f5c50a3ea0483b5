"""Signals end the screen cleanly, even when nobody reads the terminal."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest

from tests.tui.terminals import Terminal, left_behind, terminal

PROGRAM = """
import os, subprocess, sys, time
from pathlib import Path
from textual.screen import Screen
from textual.widgets import Static
from tui.app import GonogoApp

home = Path.home()

class Plain(Screen):
    def compose(self):
        yield Static("READY")
    def on_mount(self):
        child = subprocess.Popen(
            ["sleep", "60"], start_new_session=True, stdin=subprocess.DEVNULL
        )
        (home / "child").write_text(Path(f"/proc/{child.pid}/status").read_text())
        (home / "pid").write_text(str(child.pid))
        if "freeze" in sys.argv:
            self.set_timer(0.2, self.freeze)
    def freeze(self):
        (home / "frozen").touch()
        time.sleep(60)

def flush():
    if "hang" in sys.argv:
        time.sleep(60)
    (home / "flushed").touch()

raise SystemExit(GonogoApp(Plain).run_on_terminal(flush))
"""
ENDS = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT]


def program(*words: str) -> str:
    return f"import sys; sys.argv[1:] = {list(words)!r}\n{PROGRAM}"


def kill_child(home: Path) -> None:
    """The command went on without the screen; end it."""
    os.kill(int((home / "pid").read_text()), signal.SIGKILL)


def assert_restored(shown: Terminal, modes: list[object]) -> None:
    """Each private mode is back, and so are the line's own settings."""
    assert b"\x1b[?1049h" in shown.seen
    assert not left_behind(shown.seen)
    assert shown.modes() == modes


@pytest.mark.parametrize("number", ENDS)
def test_a_signal_flushes_and_restores(tmp_path: Path, number: signal.Signals) -> None:
    with terminal(program(), tmp_path) as shown:
        modes = shown.modes()
        shown.until(b"READY")
        shown.until((tmp_path / "pid").exists)
        shown.process.send_signal(number)
        assert shown.ended() == 128 + number
        assert_restored(shown, modes)
        assert (tmp_path / "flushed").exists()
        kill_child(tmp_path)


def test_a_signal_while_it_begins_is_the_last_word(tmp_path: Path) -> None:
    """The screen sets its modes in many writes; none may follow ours."""
    slow = """
from tui.writer import FrameWriter
put = FrameWriter._put
def slowly(self, data):
    for at in range(0, len(data), 8):
        put(self, data[at : at + 8])
        time.sleep(0.002)
FrameWriter._put = slowly
leave = os._exit
def late(code):
    time.sleep(0.3)
    leave(code)
os._exit = late
"""
    begins = program().replace("home = Path.home()", f"home = Path.home()\n{slow}")
    for wait in (b"\x1b[?1049h", b"\x1b[?25l", b"\x1b[?2004h", b"R"):
        with terminal(begins, tmp_path) as shown:
            modes = shown.modes()
            shown.until(wait)
            shown.process.terminate()
            assert shown.ended() == 128 + signal.SIGTERM
            assert_restored(shown, modes)


def test_what_a_killed_screen_left_is_put_right(tmp_path: Path) -> None:
    """By the command, and by the end of the next screen in that terminal."""
    with terminal(program(), tmp_path) as shown:
        modes = shown.modes()
        shown.until(b"READY")
        shown.until((tmp_path / "pid").exists)
        shown.process.kill()
        shown.ended()
        kill_child(tmp_path)
        assert left_behind(shown.seen) and shown.modes() != modes
        left = shown.seen
    reset = "from tui.__main__ import main; raise SystemExit(main(['reset-terminal']))"
    with terminal(reset, tmp_path) as shown:
        assert shown.ended() == 0
        assert not left_behind(left + shown.seen)
    with terminal(program(), tmp_path) as shown:
        shown.until(b"READY")
        shown.type(b"\x11")
        assert shown.ended() == 0
        assert not left_behind(left + shown.seen)


def test_a_frozen_loop_and_a_stalled_flush_do_not_keep_us(tmp_path: Path) -> None:
    with terminal(program("freeze", "hang"), tmp_path) as shown:
        modes = shown.modes()
        shown.until((tmp_path / "frozen").exists)
        shown.process.terminate()
        assert shown.ended() == 128 + signal.SIGTERM
        assert_restored(shown, modes)
        kill_child(tmp_path)


def test_a_stalled_terminal_does_not_keep_us(tmp_path: Path) -> None:
    from tests.tui.test_writer import BUSY

    log = tmp_path / "beats"
    busy = f"import sys; sys.argv[1:] = [{str(log)!r}]\n{BUSY}"
    with terminal(busy, tmp_path) as shown:
        modes = shown.modes()
        shown.until(b"beat")
        time.sleep(1.5)  # what fits into the terminal is full now
        shown.process.terminate()
        assert shown.process.wait(60) == 128 + signal.SIGTERM
        while shown.read():
            pass
        assert_restored(shown, modes)


def test_a_terminal_that_vanishes_ends_us(tmp_path: Path) -> None:
    with terminal(program(), tmp_path) as shown:
        shown.until(b"READY")
        shown.until((tmp_path / "pid").exists)
        shown.hang_up()
        assert shown.ended() == 128 + signal.SIGHUP
        assert (tmp_path / "flushed").exists()
        kill_child(tmp_path)


def test_a_hang_up_that_is_ignored_ends_us_too(tmp_path: Path) -> None:
    """nohup: Textual's input thread would spin on the dead terminal for ever."""
    ignore = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    with terminal(ignore + program(), tmp_path) as shown:
        shown.until(b"READY")
        shown.until((tmp_path / "pid").exists)
        shown.hang_up()
        assert shown.ended() == 128 + signal.SIGHUP
        kill_child(tmp_path)


def test_a_terminal_that_vanishes_without_a_signal_ends_us_too(tmp_path: Path) -> None:
    with terminal(program(), tmp_path, controlling=False) as shown:
        shown.until(b"READY")
        shown.until((tmp_path / "pid").exists)
        shown.hang_up()
        assert shown.ended() == 128 + signal.SIGHUP
        kill_child(tmp_path)


def test_commands_inherit_a_clean_signal_state(tmp_path: Path) -> None:
    with terminal(program(), tmp_path) as shown:
        shown.until(b"READY")
        shown.until((tmp_path / "pid").exists)
        status = (tmp_path / "child").read_text()
        blocked, ignored = re.findall(r"^Sig(?:Blk|Ign):\s*(\w+)", status, re.M)
        ours = sum(1 << (number - 1) for number in ENDS)
        assert not int(blocked, 16) & ours and not int(ignored, 16) & ours
        kill_child(tmp_path)


def test_keys_of_a_command_that_has_the_terminal_are_not_ours(tmp_path: Path) -> None:
    lends = """
import os, signal, time
from pathlib import Path
from tui.signals import SignalWatch
with SignalWatch(lambda: None) as watch:
    with watch.lend():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.3)
    print("STILL HERE", flush=True)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(30)
"""
    with terminal(lends, tmp_path) as shown:
        shown.until(b"STILL HERE")
        assert shown.ended() == 128 + signal.SIGINT


def test_stopping_and_going_on(tmp_path: Path) -> None:
    with terminal(program(), tmp_path) as shown:
        modes = shown.modes()
        shown.until(b"READY")
        shown.until((tmp_path / "pid").exists)
        shown.process.send_signal(signal.SIGTSTP)
        state = Path(f"/proc/{shown.process.pid}/stat")
        shown.until(lambda: state.read_text().rsplit(")", 1)[1].split()[0] == "T")
        while shown.read():
            pass
        assert shown.modes() == modes, "the shell has its terminal back"
        before = len(shown.seen)
        shown.process.send_signal(signal.SIGCONT)
        shown.until(lambda: b"READY" in shown.seen[before:])
        shown.process.terminate()
        assert shown.ended() == 128 + signal.SIGTERM
        kill_child(tmp_path)


PAINTS = """
import time
from textual.screen import Screen
from textual.widgets import Static
from tui.app import GonogoApp
from tui.writer import FrameWriter

write = FrameWriter.write

def slowly(self, text):
    with self._changed:
        time.sleep(0.03)
        write(self, text)

FrameWriter.write = slowly

class Painting(Screen):
    def compose(self):
        yield Static("READY")
    def on_mount(self):
        self.set_interval(0.005, self.paint)
    def paint(self):
        self.query_one(Static).update(f"READY {time.monotonic()}")

raise SystemExit(GonogoApp(Painting).run_on_terminal(lambda: None))
"""


def test_it_stops_cleanly_while_it_is_about_to_write(tmp_path: Path) -> None:
    """The signal finds whoever paints at work, with the writer's lock in hand."""
    with terminal(PAINTS, tmp_path) as shown:
        modes = shown.modes()
        shown.until(b"READY")
        state = Path(f"/proc/{shown.process.pid}/stat")
        for _ in range(4):
            before = len(shown.seen)
            shown.process.send_signal(signal.SIGTSTP)
            shown.until(lambda: state.read_text().rpartition(")")[2].split()[0] == "T")
            while shown.read():
                pass
            assert_restored(shown, modes)
            shown.process.send_signal(signal.SIGCONT)
            shown.until(lambda before=before: b"READY" in shown.seen[before:])
        shown.process.terminate()
        assert shown.ended() == 128 + signal.SIGTERM


def test_a_stray_sigcont_changes_nothing(tmp_path: Path) -> None:
    with terminal(program(), tmp_path) as shown:
        modes = shown.modes()
        shown.until(b"READY")
        shown.until((tmp_path / "pid").exists)
        before = len(shown.seen)
        shown.process.send_signal(signal.SIGCONT)
        shown.until(lambda: b"READY" in shown.seen[before:])
        shown.type(b"\x11")
        assert shown.ended() == 0
        assert_restored(shown, modes)
        kill_child(tmp_path)
