"""Ends a command whose supervisor has died: nobody would read it or see it end.

The supervisor is its child, so that all of the command falls to it when the
supervisor is killed, whatever session it moved to.

Standard library only: the supervisor is forked from here, and must start fast.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from contextlib import suppress

from runbooks.processes import descendants, identity, signal_all

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing would cost a tenth of the start
    from typing import Any

_SET_CHILD_SUBREAPER = 36
_POLL = 0.05
_LAST = 1.0
"""Seconds that killed processes get to disappear."""


def adopt() -> None:
    """Become the parent of whatever our descendants leave without one."""
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def fork_supervisor(plan: dict[str, Any]) -> dict[str, int | str | None]:
    """Return in a new process, the supervisor's; say who its warden is.

    This process waits for that one to end, and ends with it.
    """
    warden = identity(os.getpid())
    supervisor = os.fork()
    if not supervisor:
        os.setsid()
        return warden
    _let_go()
    adopt()
    while os.waitpid(-1, 0)[0] != supervisor:
        pass
    if not os.path.exists(os.path.join(plan["outputs"], f"{plan['id']}.exit")):
        _end(plan["grace"])
    os._exit(0)


def _end(grace: float) -> None:
    """Ask all that is left of the command to end, and see to it."""
    signal_all(signal.SIGTERM, None)
    kill_at = time.monotonic() + grace
    while _reap() and time.monotonic() < kill_at + _LAST:
        if time.monotonic() >= kill_at:
            signal_all(signal.SIGKILL, None)
        time.sleep(_POLL)


def _reap() -> bool:
    """Return whether anything of the command is left."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    return bool(descendants(os.getpid()))


def _let_go() -> None:
    """Keep nothing of the starter's, nor of the supervisor's pipes."""
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
