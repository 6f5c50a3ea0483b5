"""What lines of a log are made of, wherever they were read.

Nothing here keeps a line: logs hold whatever the service was told.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

FIELDS = ("timestamp", "level", "service", "message")
"""Of each JSON line, as the application writes them."""
DEBUG = frozenset({"DEBUG", "TRACE", "NOTSET"})
_TRACEBACK = "Traceback (most recent call last)"


@dataclass(frozen=True, slots=True)
class Structure:
    """How many lines there are of each kind.

    Attributes:
        json: objects with every field that is wanted.
        malformed: begin like an object, and are none or lack a field.
        plain: anything else, empty lines left out.
        tracebacks: plain lines that begin a traceback.
        levels: of the JSON lines, ``ERROR`` and the like.
    """

    json: int
    malformed: int
    plain: int
    tracebacks: int
    levels: Counter[str]

    @property
    def debug(self) -> int:
        """How many lines are for those who look for a mistake in the code."""
        return sum(n for name, n in self.levels.items() if name.upper() in DEBUG)

    def __str__(self) -> str:
        return (
            f"{self.json} JSON, {self.malformed} malformed, {self.plain} plain with "
            f"{self.tracebacks} tracebacks; {self.debug} at DEBUG or below"
        )


def structure(lines: Iterable[str], fields: Sequence[str] = FIELDS) -> Structure:
    """Count *lines* by kind.

    Args:
        fields: what a JSON line has to hold.
    """
    kinds: Counter[str] = Counter()
    levels: Counter[str] = Counter()
    for line in filter(None, (each.strip() for each in lines)):
        if not line.startswith("{"):
            kinds["plain"] += 1
            kinds["tracebacks"] += _TRACEBACK in line
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = {}
        kinds["json" if all(name in found for name in fields) else "malformed"] += 1
        levels[str(found.get("level", ""))] += 1
    del levels[""]
    return Structure(
        json=kinds["json"],
        malformed=kinds["malformed"],
        plain=kinds["plain"],
        tracebacks=kinds["tracebacks"],
        levels=levels,
    )
