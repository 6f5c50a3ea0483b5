"""Env files, read as the application reads its own: with python-dotenv."""

from __future__ import annotations

import os
import stat
from io import StringIO
from pathlib import Path

LARGEST = 1024 * 1024
"""Bytes; a larger file is no env file."""


def parse(text: str) -> dict[str, str]:
    """Return the variables that a text sets, ``${…}`` left as it is.

    A line that sets nothing is passed over, as the application does it.
    """
    from dotenv import dotenv_values

    values = dotenv_values(stream=StringIO(text), interpolate=False)
    return {name: value for name, value in values.items() if value is not None}


def read(path: str) -> tuple[dict[str, str], str]:
    """Return the variables that a regular file sets, and its mode, such as ``0600``.

    Raises:
        OSError: it is not there, may not be read, or is no regular file.
    """
    # Not held up by a pipe that nobody writes to.
    file = os.open(Path(path).expanduser(), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        about = os.fstat(file)
        if not stat.S_ISREG(about.st_mode):
            raise OSError(0, "it is no regular file")
        with os.fdopen(file, "rb", closefd=False) as opened:
            data = opened.read(LARGEST + 1)
    finally:
        os.close(file)
    if len(data) > LARGEST:
        raise OSError(0, f"it is larger than {LARGEST} bytes")
    text = data.decode("utf-8-sig", "replace")
    return parse(text), f"{stat.S_IMODE(about.st_mode):04o}"
