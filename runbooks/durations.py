"""Durations as documents write them: ``90s``, ``2m``, ``24h``, ``14d``, ``1h30m``."""

from __future__ import annotations

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_TERM = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])", re.ASCII)
_WHOLE = re.compile(rf"(?:{_TERM.pattern})+", re.ASCII)


def seconds(text: str) -> float:
    """Return the duration that *text* writes, in seconds.

    Raises:
        ValueError: *text* is no duration; the message says what one looks like.
    """
    if len(text) > 32 or not _WHOLE.fullmatch(text):
        raise ValueError(
            f"{text!r} is no duration; write for example 90s, 2m, 24h, 14d"
        )
    return sum(float(number) * _UNITS[unit] for number, unit in _TERM.findall(text))
