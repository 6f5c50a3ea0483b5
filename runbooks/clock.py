"""The clocks as everything that is written down says them.

Standard library only: the supervisor imports this too, and must start fast.
"""

from __future__ import annotations

import time


def now() -> str:
    """Return the wall clock, ISO 8601 with offset."""
    text = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    return f"{text[:-2]}:{text[-2:]}"


def steady() -> float:
    """Return seconds of a clock that nobody sets, comparable within one boot.

    It goes on while the machine sleeps, which Linux's plain monotonic clock does not.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME)
