"""`gonogo reset-terminal`: a terminal that a killed screen left unusable."""

from __future__ import annotations

import os
import sys
import termios
from contextlib import suppress

import click

from runbooks.errors import GonogoError


@click.command()
def command() -> int:
    """Make the terminal usable again after a screen was killed.

    Typed blindly it works too. What was decided is on disk; open the run again.
    """
    from tui.modes import RESTORE

    for stream in (sys.__stderr__, sys.__stdout__, sys.__stdin__):
        if stream is not None and stream.isatty():
            _make_sane(stream.fileno())
            os.write(stream.fileno(), RESTORE)
            return 0
    raise GonogoError("This is no terminal; there is nothing to reset.")


def _make_sane(fd: int) -> None:
    """Lines are edited and echoed again, and keys send signals."""
    with suppress(termios.error):
        modes = termios.tcgetattr(fd)
        modes[0] |= termios.ICRNL | termios.IXON | termios.BRKINT
        modes[0] &= ~(termios.INLCR | termios.IGNCR)
        modes[1] |= termios.OPOST | termios.ONLCR
        modes[3] |= termios.ICANON | termios.ECHO | termios.ECHOE | termios.ECHOK
        modes[3] |= termios.ISIG | termios.IEXTEN
        termios.tcsetattr(fd, termios.TCSANOW, modes)
