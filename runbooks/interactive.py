"""A command that talks with the operator: it gets the terminal, we keep a record.

The caller has let go of the terminal (``App.suspend``). The command runs on a
pseudo-terminal of its own, so that sudo, editors and psql find what they need;
bytes pass both ways untouched, and what it printed is recorded, redacted, as an
asciicast (version 2, ``ID.cast``).
"""

from __future__ import annotations

import codecs
import json
import os
import select
import signal
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from time import monotonic, time

from runbooks.clock import now
from runbooks.commands import Ending
from runbooks.errors import CommandError
from runbooks.leash import held
from runbooks.leavings import take_values
from runbooks.plan import Plan, message
from runbooks.private import create, create_kept
from runbooks.redaction import patterns
from runbooks.sifting import Sieve
from runbooks.spawning import spawn_interactive

_READ = 64 << 10
_LOOK = 0.25
"""Seconds between two looks at the window's size and at the shell."""


def run_interactive(plan: Plan, keyboard: int = 0, screen: int = 1) -> Ending:
    """Run *plan* on the terminal until its shell ends; it changes no context.

    A terminal that goes away ends the command with SIGHUP, and so does our own end.
    The terminal's modes are as before when this returns or raises.

    Raises:
        CommandError: it could not be started.
    """
    words = message(replace(plan, keep_context=False), interactive=True)
    size = _size(screen)
    with held(plan.id) as tie:
        words["env"].update(tie)
        try:
            os.close(create(words["values"]))
            cast = _Cast(plan, size)
            pid, ours = spawn_interactive(words, size)
        except OSError as error:
            raise CommandError(
                f"the command was not started: {error.filename or ''} {error.strerror}"
            ) from error
        begun = monotonic()
        started = now()
        with _raw(keyboard):
            stopped = _relay(pid, ours, keyboard, screen, cast)
        os.close(ours)  # tells what still runs on it that its terminal has gone
        code = os.waitstatus_to_exitcode(_wait(pid, plan.grace if stopped else None))
    cast.close()
    return Ending(
        code=code if code >= 0 else 128 - code,
        ending="stopped" if stopped else "exit",
        seconds=monotonic() - begun,
        started=started,
        finished=now(),
        size=cast.size,
        kept=cast.kept,
        output_problem=cast.problem,
        values=take_values(words["values"], cast.patterns),
        cwd=words["cwd"],
    )


class _Cast:
    """The record of what was printed, in the order and at the pace it came."""

    def __init__(self, plan: Plan, size: tuple[int, int]) -> None:
        self.size = self.kept = 0
        self.problem = ""
        self.patterns = patterns(plan.secrets)
        self._sieve = Sieve(self.patterns)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        path = str(plan.outputs.absolute() / f"{plan.id}.cast")
        self._file = create_kept(path)
        self._begun = monotonic()
        head = {"version": 2, "width": size[1], "height": size[0]}
        self._write(head | {"timestamp": int(time())})

    def add(self, data: bytes) -> None:
        self._note(self._sieve.feed(data))

    def close(self) -> None:
        self._note(self._sieve.flush())
        os.close(self._file)

    def _note(self, data: bytes) -> None:
        self.size += len(data)
        text = self._decode(data)
        if not text or self.problem:
            return
        try:
            self._write([round(monotonic() - self._begun, 6), "o", text])
            self.kept += len(data)
        except OSError as error:  # the conversation goes on without a record
            self.problem = str(error.strerror)

    def _write(self, entry: object) -> None:
        os.write(self._file, json.dumps(entry).encode() + b"\n")


def _relay(pid: int, ours: int, keyboard: int, screen: int, cast: _Cast) -> bool:
    """Pass bytes both ways until the shell ends; return whether we ended it."""
    size = _size(screen)
    poll = select.poll()
    poll.register(ours, select.POLLIN)
    poll.register(keyboard, select.POLLIN)
    while True:
        ready = dict(poll.poll(_LOOK * 1000))
        if ours in ready:
            data = _read(ours)
            if not data:
                return False
            cast.add(data)
            if not _write(screen, data):
                return True
        elif os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return False
        if keyboard in ready:
            data = _read(keyboard)
            if not data:
                return True
            _write(ours, data)
        if (new := _size(screen)) != size:
            size = new
            termios.tcsetwinsize(ours, size)


def _wait(pid: int, grace: float | None) -> int:
    """Return the status of *pid*, killed once *grace* seconds are over."""
    if grace is not None:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGHUP)
        process = os.pidfd_open(pid)
        poll = select.poll()
        poll.register(process, select.POLLIN)
        if not poll.poll(grace * 1000):
            os.killpg(pid, signal.SIGKILL)
        os.close(process)
    return os.waitpid(pid, 0)[1]


@contextmanager
def _raw(keyboard: int) -> Iterator[None]:
    """Let every key through, and put the terminal back as it was."""
    modes = termios.tcgetattr(keyboard)
    try:
        tty.setraw(keyboard)
        yield
    finally:
        with suppress(termios.error):  # the terminal has gone
            termios.tcsetattr(keyboard, termios.TCSAFLUSH, modes)


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, _READ)
    except OSError:  # the other end has been closed
        return b""


def _write(fd: int, data: bytes) -> bool:
    try:
        while data:
            data = data[os.write(fd, data) :]
    except OSError:
        return False
    return True


def _size(screen: int) -> tuple[int, int]:
    try:
        return termios.tcgetwinsize(screen)
    except termios.error:
        return 24, 80
