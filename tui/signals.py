"""Ending on a signal, even when the screen's loop stands still.

Python's C handler writes the number of a signal into a pipe at once, whatever
the main thread does, and a thread of ours waits at its other end. Nothing is
blocked and nothing ignored, so what we start inherits a clean signal state:
blocking the signals for `sigwait` would be inherited by every command.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from types import FrameType, TracebackType
from typing import Any, Self

from tui.modes import RESTORE
from tui.writer import SPEAKING, open_terminal

ENDS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
FLUSH_LIMIT = 1.5
"""Seconds that writing the last state may take before we end regardless."""

SPEAKING_LIMIT = 0.5
"""Seconds that a write or a change of modes under way may take before the last one."""


class SignalWatch:
    """While entered, SIGTERM, SIGHUP, SIGINT and SIGQUIT end the process cleanly.

    State is flushed, the terminal restored, and the process left with 128 + the
    number of the signal. A terminal that vanishes without a signal counts as
    SIGHUP. Commands under a supervisor go on.

    Args:
        flush: writes what is not on disk yet; called on a thread of its own.
    """

    def __init__(self, flush: Callable[[], None]) -> None:
        self._flush = flush
        self._fd = sys.__stdin__.fileno() if sys.__stdin__ else 0
        self._lent = False
        self._over = False
        self._before: dict[signal.Signals, Any] = {}
        self._modes: list[Any] | None = None

    def __enter__(self) -> Self:
        with suppress(termios.error):
            self._modes = termios.tcgetattr(self._fd)
        self._read, self._write = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._write, False)
        self._wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in ENDS:
            self._before[number] = signal.signal(number, _taken_by_the_thread)
        Thread(target=self._watch, name="gonogo-signals", daemon=True).start()
        Thread(target=self._watch_terminal, name="gonogo-hangup", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over = True
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        os.close(self._write)

    @contextmanager
    def lend(self) -> Iterator[None]:
        """Leave Ctrl-C and Ctrl-\\ to a command that has the terminal meanwhile."""
        self._lent = True
        try:
            yield
        finally:
            self._lent = False

    def _watch(self) -> None:
        while number := os.read(self._read, 1):
            ours = number[0] in ENDS
            keys = number[0] in (signal.SIGINT, signal.SIGQUIT)
            if ours and not (keys and self._lent):
                self._end(number[0])
        os.close(self._read)

    def _watch_terminal(self) -> None:
        gone = select.poll()
        gone.register(self._fd, 0)  # hang-up and errors are always reported
        gone.poll()
        if not self._over:
            os.kill(os.getpid(), signal.SIGHUP)

    def _end(self, number: int) -> None:
        # In the background, setting modes would stop us instead.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        flush = Thread(target=self._flush, name="gonogo-flush", daemon=True)
        flush.start()
        flush.join(FLUSH_LIMIT)
        # Kept until the end: nobody says anything to the terminal after us.
        SPEAKING.acquire(timeout=SPEAKING_LIMIT)
        self._restore()
        os._exit(128 + number)

    def _restore(self) -> None:
        """Give the terminal back as it was, without ever waiting for it."""
        with suppress(OSError, termios.error):
            fd = open_terminal(sys.__stderr__.fileno() if sys.__stderr__ else 2)
            nothing = os.open(os.devnull, os.O_WRONLY)
            for stream in (1, 2):  # an interactive command may be at it
                os.dup2(nothing, stream)
            try:
                os.write(fd, RESTORE)
            except BlockingIOError:
                # Nobody reads it: what is queued is frames, the modes matter.
                termios.tcflow(fd, termios.TCOON)
                termios.tcflush(fd, termios.TCOFLUSH)
                os.write(fd, RESTORE)
        if self._modes is not None:
            with suppress(termios.error):
                termios.tcsetattr(self._fd, termios.TCSANOW, self._modes)


def _taken_by_the_thread(number: int, frame: FrameType | None) -> None:
    """Let the main thread go on."""
