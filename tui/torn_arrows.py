"""Arrow keys that arrive byte by byte over a bad line: they do nothing at all.

A terminal sends ``ESC [ D`` for an arrow. When the line holds the bytes back, they come
as three keys, of which the last may have a meaning of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

PATIENCE = 1.0
"""Seconds in which the next byte still belongs to the one before."""
_SECOND = ("left_square_bracket", "upper_o", "O")


class TornArrows:
    """Recognises the keys that one escape sequence falls apart into."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._bytes = 0
        self._at = 0.0

    def swallow(self, key: str) -> bool:
        """Return whether *key* is a later byte of a sequence, and means nothing."""
        now = self._clock()
        going_on = self._bytes > 0 and now - self._at < PATIENCE
        self._at = now
        if key == "escape":
            self._bytes = 1
            return False
        if going_on and self._bytes == 1 and key in _SECOND:
            self._bytes = 2
            return True
        torn = going_on and self._bytes == 2
        self._bytes = 2 if torn and key.isdecimal() else 0
        return torn
