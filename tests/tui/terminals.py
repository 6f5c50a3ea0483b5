"""A program of ours on a pseudo-terminal, read or left unread as a test wishes."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\^_]|\][^\x07\x1b]*\x07)")
"""What moves the cursor, styles text or sets a mode."""
_MODE = re.compile(rb"\x1b\[(?:\?([0-9;]+)([hl])|>[0-9;]*(u)|<([0-9]*)u)")
_ON = frozenset({b"25", b"7"})
"""Modes that are set in a fresh terminal: the cursor is shown, lines wrap."""


def left_behind(said: bytes) -> set[str]:
    """Return what *said* leaves other than in a fresh terminal: modes, keyboard."""
    modes = dict.fromkeys(_ON, b"h")
    keyboards = {b"h": 0, b"l": 0}  # one stack each: alternate and main screen
    for number, way, push, pop in _MODE.findall(said):
        screen = modes.get(b"1049", b"l")
        if number:
            modes |= dict.fromkeys(number.split(b";"), way)
        elif push:
            keyboards[screen] += 1
        else:
            keyboards[screen] = max(0, keyboards[screen] - int(pop or 1))
    wrong = {
        f"?{n.decode()}" for n, way in modes.items() if (way == b"h") != (n in _ON)
    }
    return wrong | {"keyboard" for depth in keyboards.values() if depth}


class Terminal:
    """The other side of a terminal."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self._master = master
        self.process = process
        self._seen = bytearray()  # grows in place: it may be a hundred megabytes

    @property
    def seen(self) -> bytes:
        """Every byte that came so far, or since `forget`."""
        return bytes(self._seen)

    def forget(self) -> None:
        """Begin `seen` anew."""
        self._seen.clear()

    def read(self, seconds: float = 0.05) -> bytes:
        """Read what there is, waiting for it for so long."""
        came = b""
        if select.select([self._master], [], [], seconds)[0]:
            try:
                came = os.read(self._master, 65536)
            except OSError:  # EIO: the program has ended and closed its side
                time.sleep(seconds)
        self._seen += came
        return came

    def until(self, wanted: bytes | Callable[[], bool], limit: float = 60) -> None:
        """Read until *wanted* was seen or says so."""
        end = time.monotonic() + limit
        while not (wanted() if callable(wanted) else wanted in self.seen):
            assert time.monotonic() < end, f"not seen: {wanted!r} in {self.seen!r}"
            self.read()

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def by_hand(self, keys: bytes) -> None:
        """Type characters as quickly as hands do."""
        for key in keys:
            time.sleep(0.03)
            self.type(bytes([key]))

    def hang_up(self) -> None:
        os.close(self._master)
        self._master = -1

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size, in cells."""
        _resize(self._master, columns, rows)

    def modes(self) -> list[object]:
        return termios.tcgetattr(self._master)

    def ended(self, limit: float = 60) -> int:
        """Read until the program has ended; return its exit code."""
        if self._master >= 0:
            self.until(lambda: self.process.poll() is not None, limit)
            while self.read():
                pass
        return self.process.wait(limit)

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self._master >= 0:
            os.close(self._master)


def _resize(fd: int, columns: int, rows: int) -> None:
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _as_a_shell_would() -> None:
    """A shell ignores some signals for what runs in the background: perhaps us."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


def _take_terminal() -> None:
    _as_a_shell_would()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@contextmanager
def terminal(
    program: str,
    home: Path,
    env: Mapping[str, str | None] | None = None,
    *,
    controlling: bool = True,
    size: tuple[int, int] = (80, 24),
    under: Sequence[str] = (),
) -> Iterator[Terminal]:
    """Run the Python text *program* on a terminal, with its own home.

    Args:
        env: what to set besides the usual; None as a value leaves it out.
        size: columns and rows.
        under: the words of a command that runs the program.
        controlling: the terminal is the session's, so that its hang-up is told
            by a signal.
    """
    master, slave = pty.openpty()
    _resize(master, *size)
    settings = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "TEXTUAL_ANIMATIONS": "none",
        **(env or {}),
    }
    process = subprocess.Popen(
        [*under, sys.executable, "-c", program],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=ROOT,
        env={name: value for name, value in settings.items() if value is not None},
        start_new_session=True,
        preexec_fn=_take_terminal if controlling else _as_a_shell_would,
    )
    os.close(slave)
    shown = Terminal(master, process)
    try:
        yield shown
    finally:
        shown.close()
