"""Errors and warnings of logs in groups, whoever counted them.

A group is the logger and the type of the exception: messages hold whatever the
service was told, so none is kept or shown.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import msgspec

from runbooks.durations import seconds
from runbooks.probes.base import Duration, Measurement, Probe
from runbooks.results import Reading

HOUR = 3600
TOP = 10
"""Groups that are shown."""
ERRORS = frozenset({"ERROR", "CRITICAL", "FATAL"})
WARNINGS = frozenset({"WARNING", "WARN"})
_NAME = re.compile(r"[A-Za-z_][\w.\-]{0,79}")
_RAISED = re.compile(r"([A-Za-z_][\w.]{0,79})(?::|$)")


@dataclass(slots=True)
class Tally:
    """What was counted.

    Attributes:
        counts: errors and warnings by the hour before now (0 for the last one), the
            level, and the group.
        lines: of any level, by the hour before now.
        notes: what could not be read.
    """

    counts: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    lines: Counter[int] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def add(self, hour: int, level: str, group: str, count: int = 1) -> None:
        """Count lines of a level, if it is one of errors or warnings."""
        kind = "error" if level.upper() in ERRORS else "warning"
        if kind == "error" or level.upper() in WARNINGS:
            self.counts[hour, kind, group] += count


class Line(msgspec.Struct):
    """What is read of a JSON line; nothing else of it is decoded."""

    timestamp: str = ""
    level: str = ""
    logger: str = ""
    exc_type: str = ""
    exception: Any = None

    @property
    def group(self) -> str:
        return group(self.logger, self.exc_type or _type(self.exception))


class ErrorsProbe(Probe, frozen=True, kw_only=True):
    """Counts errors and warnings of a time by logger and type of exception.

    Attributes:
        window: the time, back from now; counted in whole hours.
        before: the time before it, in which a group has to have been for it not to
            be new.
    """

    window: Duration = Duration(seconds("24h"))
    before: Duration = Duration(seconds("7d"))
    timeout: Duration = Duration(20)

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("lines", "errors", "warnings", "groups", "top"), ""),
        **dict.fromkeys(("new", "new_warnings", "new_rate"), ""),
        "share": "%",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"top", "new", "new_warnings"})

    @property
    def hours(self) -> int:
        """Hours of the window and of the time before it."""
        return self._recent + max(0, round(self.before / HOUR))

    @property
    def _recent(self) -> int:
        return max(1, round(self.window / HOUR))

    def judged(self, tally: Tally) -> Measurement:
        """Return what the tally says of the window."""
        recent: Counter[tuple[str, str]] = Counter()
        known: set[tuple[str, str]] = set()
        for (hour, kind, name), count in tally.counts.items():
            if hour < self._recent:
                recent[kind, name] += count
            else:
                known.add((kind, name))
        errors = _of(recent, "error")
        new = [name for name in errors if ("error", name) not in known]
        warned = [
            name for name in _of(recent, "warning") if ("warning", name) not in known
        ]
        rates: Counter[int] = Counter()
        for (hour, kind, name), count in tally.counts.items():
            if hour < self._recent and kind == "error" and name in new:
                rates[hour] += count
        lines = sum(n for hour, n in tally.lines.items() if hour < self._recent)
        total = sum(errors.values())
        top = [f"{name} ({count})" for name, count in errors.most_common(TOP)]
        warnings = sum(_of(recent, "warning").values())
        readings = (
            Reading("lines", lines),
            Reading("errors", total),
            Reading("warnings", warnings),
            Reading("groups", len(errors)),
            Reading("top", ", ".join(top) or None),
            Reading("new", ", ".join(new[:TOP]) or None),
            Reading("new_warnings", ", ".join(warned[:TOP]) or None),
            Reading("new_rate", max(rates.values(), default=0)),
            Reading("share", 100 * total / lines if lines else 0.0, "%"),
        )
        said = [
            f"{lines} lines in {self._recent} h: {total} errors in {len(errors)} "
            f"groups, {warnings} warnings",
            *top,
            *tally.notes,
        ]
        return Measurement({each.name: each for each in readings}, "\n".join(said))


def group(logger: str, raised: str = "") -> str:
    """Return the name of a group; what is no name of a logger or type is left out."""
    parts = [
        part if _NAME.fullmatch(part) else "?" for part in (logger, raised) if part
    ]
    return " ".join(parts) or "?"


def _type(exception: Any) -> str:
    """Return the type of an exception, as an object or a traceback tells it."""
    if isinstance(exception, Mapping):
        return str(exception.get("type", ""))
    if not isinstance(exception, str):
        return ""
    raised = _RAISED.match(exception.rstrip().rpartition("\n")[2])
    return raised[1] if raised else ""


def _of(counted: Counter[tuple[str, str]], wanted: str) -> Counter[str]:
    """Return the counts of one kind, the most first."""
    return Counter(
        {name: count for (kind, name), count in counted.most_common() if kind == wanted}
    )
