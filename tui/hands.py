"""Whether a key was pressed by a hand that had seen what it answers.

What is typed ahead comes before a dialog was there to be read; what is pasted comes
faster than hands type; what repeats, because a key is held down, follows at once. All
three are told by time alone, so that no terminal has to help.
"""

from __future__ import annotations

from math import inf

DEAD_TIME = 0.5
"""Seconds after the dialog is painted, and after every key that did not count, in
which no key counts."""
BETWEEN = 0.02
"""Seconds between two keys of a hand, at least."""
REST = 0.12
"""Seconds that must pass after the key that confirms, without another one. Keys that
are held down come again sooner, and so does the next character of what is pasted."""


class Hands:
    """Takes the times of keys, and says which of them count; all are of one clock.

    Attributes:
        awake_at: from when on keys count.
        too_quick: whether the key before did not count for its haste.
    """

    def __init__(self) -> None:
        self.awake_at = inf
        self.too_quick = False
        self._last = -inf
        self._answered = -inf

    def painted(self, at: float) -> None:
        """What is to be answered can be read from now on; also when it moved."""
        self.awake_at = at + DEAD_TIME
        self._answered = -inf

    def takes(self, at: float) -> bool:
        """Whether a key that was read at this time counts."""
        between, self._last = at - self._last, max(at, self._last)
        taken_back, self._answered = self._answered > -inf, -inf
        if at < self.awake_at:
            # Whoever is still typing has not read it yet.
            self.awake_at = max(self.awake_at, at + DEAD_TIME)
            self.too_quick = False
            return False
        self.too_quick = between < BETWEEN or taken_back
        if self.too_quick:
            self.awake_at = at + DEAD_TIME
        return not self.too_quick

    def answered(self) -> None:
        """The key that was taken last confirms, if none follows it for `REST`."""
        self._answered = self._last

    def confirms(self, at: float) -> bool:
        """Whether it was confirmed by now."""
        return -inf < self._answered and self._answered + REST <= at
