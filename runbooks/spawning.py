"""Starting the shell of a command: its descriptors, its session, its texts.

Standard library only: the supervisor imports this, and must start fast.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing would cost a tenth of the start
    from typing import Any

_RESET = {
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGPIPE,
    signal.SIGXFSZ,
    signal.SIGCHLD,
}
"""Signals that the command finds as in a fresh login shell."""
_PIPE = 1 << 20


def spawn(plan: dict[str, Any]) -> tuple[int, int]:
    """Start the shell of *plan*; return its process id and where its output comes.

    It leads a session without a terminal and reads /dev/null; standard output
    and error are one pipe, or one pseudo-terminal where the plan says so.

    Raises:
        OSError: it could not be started.
    """
    nothing = os.open(os.devnull, os.O_RDONLY)
    reader, writer = _pseudo_terminal() if plan["tty"] else _pipe()
    places = ((nothing, 0), (writer, 1), (writer, 2))
    try:
        pid = _launch(plan, [(os.POSIX_SPAWN_DUP2, *place) for place in places])
    except OSError:
        os.close(reader)
        raise
    finally:
        os.close(nothing)
        os.close(writer)
    return pid, reader


def spawn_interactive(plan: dict[str, Any], size: tuple[int, int]) -> tuple[int, int]:
    """Start the shell of *plan* on a terminal of its own, *size* lines and columns.

    Returns its process id and the other end of the terminal.

    Raises:
        OSError: it could not be started.
    """
    import termios

    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, size)
    try:
        # A session's leader gets the first terminal that it opens as its own.
        name = os.ttyname(theirs)
        copies = [(os.POSIX_SPAWN_DUP2, 0, fd) for fd in (1, 2)]
        opened = (os.POSIX_SPAWN_OPEN, 0, name, os.O_RDWR, 0)
        pid = _launch(plan, [opened, *copies])
    except OSError:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return pid, ours


def answer(reply: dict[str, Any]) -> None:
    """Tell the starter, and let go of it and of its terminal."""
    with suppress(BrokenPipeError):
        os.write(1, json.dumps(reply).encode() + b"\n")
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.close(nothing)


def _launch(plan: dict[str, Any], streams: list[tuple[Any, ...]]) -> int:
    """Start the shell of *plan* in a session of its own, its texts on 8 and 9."""
    prelude = _memory(plan["prelude"].encode("latin-1"))
    text = _memory(plan["text"].encode("latin-1"))
    environ = plan["env"].items()
    try:
        return os.posix_spawn(
            plan["program"],
            plan["argv"],
            {os.fsencode(name): os.fsencode(value) for name, value in environ},
            file_actions=[
                *streams,
                (os.POSIX_SPAWN_DUP2, prelude, 8),
                (os.POSIX_SPAWN_DUP2, text, 9),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=_RESET,
        )
    finally:
        os.close(prelude)
        os.close(text)


def _pipe() -> tuple[int, int]:
    reader, writer = os.pipe()
    with suppress(OSError):  # the system may allow less
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, _PIPE)
    return reader, writer


def _pseudo_terminal() -> tuple[int, int]:
    import termios

    reader, writer = os.openpty()
    modes = termios.tcgetattr(writer)
    modes[1] &= ~termios.OPOST  # line ends as the command writes them
    termios.tcsetattr(writer, termios.TCSANOW, modes)
    termios.tcsetwinsize(writer, (24, 80))
    return reader, writer


def _memory(data: bytes) -> int:
    """Return a descriptor from which *data* is read, none of those that we give away.

    Copied onto itself it would stay closed for the shell, and one copy may fall on
    the place of the next.
    """
    with open(os.memfd_create("gonogo"), "wb") as file:
        file.write(data)
        file.seek(0)
        return fcntl.fcntl(file.fileno(), fcntl.F_DUPFD_CLOEXEC, 10)
