"""A program in a pseudo-terminal of its own, timed from outside."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parent.parent
COLUMNS, LINES = 80, 24
KEPT = 1 << 20
"""Bytes of what the program wrote that are remembered."""
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\^_]|\][^\x07\x1b]*\x07)")


class Terminal:
    """Runs *argv* until the block ends.

    Args:
        home: HOME and all XDG directories of the program.
    """

    def __init__(
        self,
        argv: Sequence[str],
        home: Path,
        *,
        columns: int = COLUMNS,
        lines: int = LINES,
    ) -> None:
        env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("XDG_", "GONOGO_", "PYTEST", "COLUMNS", "LINES"))
        }
        env |= {"HOME": str(home), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.began = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            size = struct.pack("HHHH", lines, columns, 0, 0)
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.chdir(home)
            os.execve(argv[0], list(argv), env)
        self.seen = b""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.kill(self.pid, 9)
        os.close(self._fd)
        os.waitpid(self.pid, 0)

    def until(self, text: str, timeout: float = 60) -> float:
        """Wait until *text* was shown; return the seconds since the start.

        Raises:
            TimeoutError: it was not.
        """
        deadline = time.perf_counter() + timeout
        wanted = text.encode()
        while wanted not in _ESCAPES.sub(b"", self.seen):
            if not self._read(deadline - time.perf_counter()):
                tail = _ESCAPES.sub(b"", self.seen)[-400:]
                raise TimeoutError(f"no {text!r} in {timeout} s; last was {tail!r}")
        return time.perf_counter() - self.began

    def settle(self, quiet: float = 0.3) -> int:
        """Read until nothing came for *quiet* seconds; return the bytes."""
        total = 0
        while came := self._read(quiet):
            total += came
        return total

    def press(self, key: str) -> float:
        """Press a key; return the seconds until the screen began to change."""
        began = time.perf_counter()
        os.write(self._fd, key.encode())
        if not self._read(5):
            raise TimeoutError(f"nothing changed after {key!r}")
        return time.perf_counter() - began

    def press_and_count(self, key: str, rest: float = 0.5) -> tuple[int, int]:
        """Press a key; return the bytes written at once and those after a rest.

        At once is what comes until nothing came for 80 ms.
        """
        os.write(self._fd, key.encode())
        first = self._read(5)
        return first + self.settle(0.08), self.settle(rest)

    def resident(self) -> int:
        """Return the resident memory of the program in bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        kib = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(kib.split()[1]) * 1024

    def _read(self, timeout: float) -> int:
        ready, _, _ = select.select([self._fd], [], [], max(0.0, timeout))
        if not ready:
            return 0
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:  # the program has ended
            return 0
        self.seen = self.seen[-KEPT:] + data
        return len(data)


def gonogo(*words: str) -> list[str]:
    """Return the command line of gonogo as `make install` leaves it."""
    return [str(ROOT / ".venv/bin/gonogo"), *words]


def floor(rows: int, *words: str) -> list[str]:
    """Return the command line of the floor."""
    return [sys.executable, str(ROOT / "bench/floor.py"), str(rows), *words]
