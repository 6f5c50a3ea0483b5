"""Processes that nobody owns any more, told by a mark in their environment.

A process keeps the environment it was started with through every session, group and
parent that it moves to, so the mark finds what a process id does not.

Standard library only: the watchman imports this, and must start fast.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from runbooks.processes import start_time

LEASH = "GONOGO_LEASH"
"""Variable that names who has to live for a process to go on."""
_POLL = 0.02
_LAST = 2.0
"""Seconds that killed processes get to disappear."""


def unleashed(environ: Mapping[str, str]) -> dict[str, str]:
    """Return *environ* for a process that goes on without us."""
    return {name: value for name, value in environ.items() if name != LEASH}


def leash() -> str:
    """Return our mark: process id and start, which no later process has both of."""
    return f"{os.getpid()}.{start_time(os.getpid())}"


def is_held(mark: str) -> bool:
    """Whether the process that *mark* names lives."""
    pid, _, start = mark.partition(".")
    return pid.isdecimal() and str(start_time(int(pid))) == start.partition(".")[0]


def end_leavings(id: str) -> bool:
    """Kill what is left of the command *id*, if nobody owns it any more.

    Returns whether there was something. A process that was just being started shows
    its environment a moment later: look until nothing is found.
    """
    values = f".{id}.values"

    def orphan(environ: Mapping[str, str]) -> bool:
        mark = environ.get(LEASH, "")
        ours = environ.get("GONOGO_OUTPUT", "").endswith(values)
        return ours and not (mark and is_held(mark))

    left = those(orphan)
    for pid in left:
        kill(pid, signal.SIGKILL)
    return bool(left)


def end_all(wanted: Callable[[Mapping[str, str]], bool], grace: float) -> None:
    """Hang up on all that are *wanted*; kill those that are there after *grace*."""
    for pid in those(wanted):
        kill(pid, signal.SIGHUP)
        kill(pid, signal.SIGCONT)
    kill_at = time.monotonic() + grace
    # One that hangs in the kernel is left to die when it can.
    while (left := those(wanted)) and time.monotonic() < kill_at + _LAST:
        if time.monotonic() >= kill_at:
            for pid in left:
                kill(pid, signal.SIGKILL)
        time.sleep(_POLL)


def those(wanted: Callable[[Mapping[str, str]], bool]) -> list[int]:
    """Return the living processes of ours whose environment is *wanted*."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdecimal() and (environ := _environ(entry)) and wanted(environ):
            found.append(int(entry))
    return found


def kill(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _environ(pid: str) -> dict[str, str]:
    """Return the variables with our prefix; none where we may not look."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            entries = file.read().split(b"\0")
    except OSError:
        return {}
    ours = [os.fsdecode(entry) for entry in entries if entry.startswith(b"GONOGO_")]
    return {name: value for name, _, value in (each.partition("=") for each in ours)}
