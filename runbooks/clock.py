"""The wall clock as everything that is written down says it.

Standard library only: the supervisor imports this too, and must start fast.
"""

from __future__ import annotations

import time


def now() -> str:
    """Return the wall clock, ISO 8601 with offset."""
    text = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    return f"{text[:-2]}:{text[-2:]}"
