"""Tells which commands never end and which need a terminal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Nature:
    """What a command is like to run.

    Attributes:
        endless: it goes on until it is stopped, as ``tail -f`` does.
        interactive: it wants the terminal, as ``psql`` does.
        reason: a few words such as ```-f` follows``, or "".
    """

    endless: bool
    interactive: bool
    reason: str


def nature(text: str) -> Nature:
    """Return what *text* is like to run, by rule."""
    endless = " -f " in text
    interactive = " -it " in text
    return Nature(
        endless, interactive, "by its flags" if endless or interactive else ""
    )
