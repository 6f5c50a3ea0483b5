"""How grave the lines of a log are, where they are JSON and say so."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Sequence
from enum import IntEnum
from itertools import islice

from tui.widgets.scrollback import LINES, Scrollback, plain


class Level(IntEnum):
    """The least grave lines that are shown, by steps that people choose between."""

    ALL = 0
    WARNING = 1
    ERROR = 2

    @property
    def after(self) -> Level:
        """The next one, round and round."""
        return Level((self + 1) % len(Level))

    @property
    def words(self) -> str:
        return ("", "only warnings and errors", "only errors")[self]


_NAMES = {
    **dict.fromkeys(("TRACE", "DEBUG", "NOTSET", "INFO", "NOTICE"), Level.ALL),
    **dict.fromkeys(("WARN", "WARNING"), Level.WARNING),
    **dict.fromkeys(("ERR", "ERROR", "CRITICAL", "FATAL"), Level.ERROR),
    **dict.fromkeys(("PANIC", "ALERT", "EMERG", "EMERGENCY"), Level.ERROR),
}
_KEYS = ("level", "levelname", "severity", "lvl")
_SOURCE = re.compile(r"(?:\[[^\]\s]{1,300}\]|[\w.-]{1,200} *\|) ?")
"""Who printed a line, as kubectl and Compose write it before what was printed."""


class Levels:
    """The levels of all lines that a scrollback keeps.

    A line that says none has that of the line before it from the same source: a
    traceback belongs to the error above it.
    """

    def __init__(self) -> None:
        self._known: deque[Level] = deque(maxlen=LINES)
        self._total = 0
        self._last: dict[str, Level] = {}

    def of(self, scrollback: Scrollback) -> Sequence[Level]:
        """Return one level for each kept line; called again, only new ones are read."""
        lines = scrollback.lines
        # The last line may still grow.
        new = min(scrollback.total - 1 - self._total, len(lines) - 1)
        for line in islice(lines, len(lines) - 1 - new, len(lines) - 1):
            self._known.append(self._take(line, self._last))
        self._total = scrollback.total - 1
        growing = self._take(lines[-1], dict(self._last))
        return [*self._known, growing][-len(lines) :]

    @staticmethod
    def _take(line: str, last: dict[str, Level]) -> Level:
        text = plain(line)
        match = _SOURCE.match(text)
        source = match[0] if match else ""
        level = _said(text[len(source) :])
        if level is None:
            level = last.get(source, Level.ALL)
        last[source] = level
        return level


def _said(text: str) -> Level | None:
    """Return what a line says of itself, None where it says nothing."""
    if not text.startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    said = next((found[key] for key in _KEYS if key in found), None)
    return _NAMES.get(said.upper()) if isinstance(said, str) else None
