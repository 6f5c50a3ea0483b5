"""What must not outlive this process: it is marked, and a watchman sees to it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from runbooks.orphans import LEASH, leash, unleashed


class _Watchman:
    """The process that waits for our end; started when first needed.

    One that was killed is started anew, with what it held.
    """

    def __init__(self) -> None:
        self._one_at_a_time = Lock()
        self._held: list[str] = []
        self._pid = 0
        self._pipe = -1

    def hold(self, mark: str) -> None:
        with self._one_at_a_time:
            if mark not in self._held:
                self._held.append(mark)
                self._tell(f"+{mark}\n")
            elif not self._told(b"\n"):
                self._start()

    def let_go(self, mark: str) -> None:
        with self._one_at_a_time:
            self._held.remove(mark)
            self._tell(f"-{mark}\n")

    def _tell(self, line: str) -> None:
        if not self._told(line.encode()):
            self._start()

    def _told(self, line: bytes) -> bool:
        if self._pipe < 0:
            return False
        try:
            os.write(self._pipe, line)
        except BrokenPipeError:
            return False
        return True

    def _start(self) -> None:
        if self._pipe >= 0:
            os.close(self._pipe)
            with suppress(ChildProcessError):
                os.waitpid(self._pid, 0)
        theirs, self._pipe = os.pipe()
        nothing = os.open(os.devnull, os.O_RDWR)
        streams = ((theirs, 0), (nothing, 1), (nothing, 2))
        program = str(Path(__file__).with_name("watchman.py"))
        try:
            self._pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-S", program],
                unleashed(os.environ),
                file_actions=[(os.POSIX_SPAWN_DUP2, *place) for place in streams],
                setsid=True,
                setsigmask=[],
            )
        finally:
            os.close(theirs)
            os.close(nothing)
        os.write(self._pipe, "".join(f"+{mark}\n" for mark in self._held).encode())


_WATCHMAN = _Watchman()


def hold() -> None:
    """From now on, what we start ends with us, except under a supervisor.

    Under a supervisor there is nothing to do: it owns what we start.
    """
    if "GONOGO_OUTPUT" not in os.environ:
        os.environ[LEASH] = leash()
        _WATCHMAN.hold(leash())


@contextmanager
def held(id: str) -> Iterator[dict[str, str]]:
    """Yield the variables that tie the command *id* to us, until this is left."""
    mark = f"{leash()}.{id}"
    _WATCHMAN.hold(mark)
    try:
        yield {LEASH: mark}
    finally:
        _WATCHMAN.let_go(mark)
