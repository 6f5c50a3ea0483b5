"""The clocks of those who write a journal: where one of them was set, and by how much.

The order of events is their number, never the clock. This is for whoever reads the
times beside them.
"""

from __future__ import annotations

from datetime import datetime

from runbooks.events import Event

SLACK = 2.0
"""Seconds by which clocks may differ without a word: a leap second, a slow disk."""
DRIFT = 0.001
"""Seconds a second by which a clock may be slewed, and be called the same."""


class Clocks:
    """Compares each event's times with those before it."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[float, float]] = {}
        self._newest: tuple[float, str] = (0.0, "")

    def jump(self, event: Event) -> float:
        """Take the next event; return by how many seconds its clock jumped, else 0.

        Within one boot the wall clock is held against the one that nobody sets.
        Between boots, which may be two hosts, only going back shows.
        """
        try:
            wall = datetime.fromisoformat(event.at).timestamp()
        except (ValueError, OverflowError):
            return 0.0
        newest, boot = self._newest
        self._newest = wall, event.boot
        before = self._last.get(event.boot)
        self._last[event.boot] = wall, event.mono
        if before is not None:
            passed = event.mono - before[1]
            jumped = wall - before[0] - passed
            return jumped if abs(jumped) > SLACK + DRIFT * abs(passed) else 0.0
        behind = wall - newest
        return behind if boot and behind < -SLACK else 0.0


def said(seconds: float) -> str:
    """Return a jump in words: ``went back by 1 h 0 min``."""
    way = "went ahead" if seconds > 0 else "went back"
    minutes, rest = divmod(round(abs(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s"))
    first = next((i for i, part in enumerate(parts) if part[0]), 3)
    return f"{way} by " + " ".join(
        f"{n} {unit}" for n, unit in parts[first : first + 2]
    )
