"""What a command leaves besides its output: values, shell context, a last word.

Standard library only: the supervisor imports this, and must start fast.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import takewhile

from runbooks.private import remove
from runbooks.redaction import redact

_MOST = 1 << 20
"""Bytes of ``$GONOGO_OUTPUT`` that are read."""
_WHOLE = b"# complete\n"
_WANTS_TERMINAL = (
    b"not a tty",
    b"not a terminal",
    b"a terminal is required",
    b"no tty present",
    b"must be run from a terminal",
    b"pseudo-terminal will not be allocated",
    b"/dev/tty: no such device",
    b"cannot open /dev/tty",
    b"can't open /dev/tty",
    b"error opening terminal",
    b"terminal is not fully functional",
    b"host key verification failed",
    b"no controlling terminal",
    b"is not to a terminal",
    b"ssh_askpass:",
    b"permission denied, please try again",  # ssh's, of a password that nobody typed
    b"failed tty get",
    b"can not control echo on the terminal",
)
"""What programs say, in small letters, when they miss one."""


def wants_terminal(code: int | None, said: bytes) -> bool:
    """Return whether a command that failed *said* that it wants a terminal."""
    said = said.lower()
    return bool(code) and any(hint in said for hint in _WANTS_TERMINAL)


def take_values(path: str, patterns: Sequence[bytes]) -> dict[str, str]:
    """Remove the file of ``$GONOGO_OUTPUT`` and return what it says, redacted.

    Lines are ``key=value`` or, for several lines, ``key<<END`` up to ``END``.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(_MOST)
    except OSError:  # the command removed it: it says nothing
        return {}
    finally:
        remove(path)
    lines = iter(redact(data, patterns).decode("utf-8", "replace").split("\n"))
    values = {}
    for line in lines:
        name, sign, value = line.partition("=")
        if not sign or "<<" in name:
            name, sign, end = line.partition("<<")
            value = "\n".join(takewhile(end.__ne__, lines)) if sign else ""
        if sign and name.strip():
            values[name.strip()] = value
    return values


def take_context(capture: str, context: str, stopped: bool) -> tuple[str, str]:
    """Make what the shell wrote to *capture* the new *context*, if it is whole.

    Returns the working directory it ended in, and why the context is as it was;
    one of both is empty.
    """
    try:
        if stopped:
            return "", "the command was stopped; variables are as before it"
        with open(capture, "rb") as file:
            left = file.read()
        if not left.endswith(_WHOLE):
            return "", (
                "the shell ended without leaving its variables (exec, a signal, a"
                " full disk); they are as before the command"
            )
        os.rename(capture, context)
        return os.fsdecode(working_directory(left)), ""
    except OSError as error:
        return "", f"variables are as before the command: {error.strerror}"
    finally:
        remove(capture)


def working_directory(context: bytes) -> bytes:
    """Return the directory that *context* names in its first line."""
    line = context[: context.index(b"\n")].removeprefix(b"# cwd ")
    return line.replace(b"%0A", b"\n").replace(b"%25", b"%")
