"""Writing to a terminal that may not be read: frames are dropped, nobody waits.

Textual's own writer blocks the event loop once 30 writes are queued, so a
half-open SSH connection or a paused tmux would stop the whole screen.
"""

from __future__ import annotations

import os
import select
import signal
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, RLock
from typing import TYPE_CHECKING, TextIO

from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

from tui.modes import BEGIN
from tui.sent import ours

if TYPE_CHECKING:
    from textual.app import App

LIMIT = 64 * 1024
"""Characters waiting to be written beyond which frames are dropped."""
MODE_LENGTH = 48
"""Characters up to which a write may set a mode of the terminal."""
PATIENCE = 1.0
"""Seconds that stopping waits for the terminal to take what is left."""
SPEAKING = RLock()
"""Held while something is sent to the terminal or its modes change; who ends us by a
signal takes it for good, so that nothing follows the last word."""
_SYNC_BEGIN, _SYNC_END = "\x1b[?2026h", "\x1b[?2026l"


def open_terminal(fd: int) -> int:
    """Open the terminal behind *fd* once more, for writing without waiting.

    It must not be *fd* itself: the flag would be shared with the shell that
    started us. And while one writer waits inside the kernel, others are refused,
    so a waiting writer would keep us from restoring a stalled terminal.
    """
    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    for path in (_name(fd), "/dev/tty"):
        if path:
            with suppress(OSError):
                return os.open(path, flags)
    return os.dup(fd)


def _name(fd: int) -> str:
    try:
        return os.ttyname(fd)
    except OSError:  # a terminal of another mount namespace has no name here
        return ""


class FrameWriter(WriterThread):
    """Writes in the background; when the terminal falls behind, frames are lost.

    Short writes set modes and are never dropped.

    Args:
        caught_up: called on this thread once everything queued has been written
            after frames were lost: the screen must be painted anew.
    """

    def __init__(self, file: TextIO, caught_up: Callable[[], None]) -> None:
        super().__init__(file)
        self._encoding = file.encoding or "utf-8"
        self._caught_up = caught_up
        self._fd = open_terminal(file.fileno())
        self._texts: deque[str] = deque()
        self._changed = Condition()
        self._waiting = 0
        self._behind = False
        self._in_frame = False
        """A synchronised frame has begun: all of it is written."""
        self._stopping = False
        self._abandoned = False

    def write(self, text: str) -> None:
        """Queue *text*, or drop it if it is a frame and the terminal is behind."""
        with self._changed:
            if text == _SYNC_END:
                if not self._in_frame:
                    return
                self._in_frame = False
            elif text == _SYNC_BEGIN or len(text) > MODE_LENGTH:
                full = self._behind or self._waiting > LIMIT
                if full and not self._in_frame:
                    self._behind = True
                    return
                self._in_frame = self._in_frame or text == _SYNC_BEGIN
            self._texts.append(text)
            self._waiting += len(text)
            self._changed.notify()

    def run(self) -> None:
        try:
            while (text := self._next()) is not None:
                self._put(text.encode(self._encoding, "backslashreplace"))
                with self._changed:
                    self._waiting -= len(text)
        except OSError:
            # The terminal is gone; whoever watches for its hang-up ends us.
            with self._changed:
                self._behind = True
        finally:
            os.close(self._fd)

    def stop(self) -> None:
        """Write what is queued and end; a stalled terminal is not waited for."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self.join(PATIENCE)
        self._abandoned = True

    def _next(self) -> str | None:
        """Return everything queued, waiting for it; None when there is no more."""
        with self._changed:
            while not self._texts:
                if self._stopping:
                    return None
                if self._behind:
                    self._behind = False
                    self._caught_up()
                self._changed.wait()
            text = "".join(self._texts)
            self._texts.clear()
            return text

    def _put(self, data: bytes) -> None:
        ready = select.poll()
        ready.register(self._fd, select.POLLOUT)
        view = memoryview(data)
        while view and not self._abandoned:
            ready.poll()
            with SPEAKING, suppress(BlockingIOError):
                view = view[os.write(self._fd, view) :]


class GonogoDriver(LinuxDriver):
    """Textual's driver with our writer, and the size of the right terminal."""

    _writer: FrameWriter | None = None

    @property
    def _writer_thread(self) -> FrameWriter | None:
        return self._writer

    @_writer_thread.setter
    def _writer_thread(self, stock: WriterThread | None) -> None:
        """Take ours where the driver has just made, and not started, its own."""
        self._writer = FrameWriter(self._tty, self._caught_up) if stock else None
        if self._writer:
            self._writer.write(BEGIN.decode())

    def write(self, data: str) -> None:
        super().write(ours(data))

    def start_application_mode(self) -> None:
        with SPEAKING:
            super().start_application_mode()  # type: ignore[no-untyped-call]

    def _sigtstp_application(self, *_: object) -> None:
        # Not where the signal came: what was interrupted may be about to write, and
        # then nobody could give the terminal back.
        if self._auto_restart:
            self._loop.call_soon_threadsafe(super()._sigtstp_application)
        else:
            os.kill(os.getpid(), signal.SIGSTOP)

    def _sigcont_application(self, *_: object) -> None:
        if self._auto_restart:
            self._loop.call_soon_threadsafe(self._go_on)

    def _go_on(self) -> None:
        if not self._must_signal_resume:  # stopped by SIGSTOP, or not at all
            self.suspend_application_mode()
        self.resume_application_mode()

    def resume_application_mode(self) -> None:
        super().resume_application_mode()
        self._caught_up()  # a size that is as before paints nothing

    def stop_application_mode(self) -> None:
        with SPEAKING:
            super().stop_application_mode()

    @property
    def _tty(self) -> TextIO:
        assert self._file is not None  # a screen is only shown on a terminal
        return self._file

    def _caught_up(self) -> None:
        app: App[object] = self._app
        with suppress(RuntimeError):  # the loop has ended: nothing to paint
            self._loop.call_soon_threadsafe(app.refresh)

    def _get_terminal_size(self) -> tuple[int, int]:
        # Textual asks standard output, which may be a pipe, and obeys COLUMNS.
        try:
            width, height = os.get_terminal_size(self._tty.fileno())
        except OSError:
            width = height = 0
        if not (width and height):
            # A terminal that does not say: all of Textual must assume the same.
            width, height = self._size = 80, 24
        return width, height

    def open_url(self, url: str, new_tab: bool = True) -> None:
        """Do nothing: no link of a document starts a browser on this machine."""
