"""Errors and warnings of logs in groups, whoever counted them.

A group is the logger and the type of the exception: messages hold whatever the
service was told, so none is kept or shown.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from runbooks.probes.base import Measurement
from runbooks.results import Reading

HOUR = 3600
TOP = 10
"""Groups that are shown."""
ERRORS = frozenset({"ERROR", "CRITICAL", "FATAL"})
WARNINGS = frozenset({"WARNING", "WARN"})
_NAME = re.compile(r"[A-Za-z_][\w.\-]{0,79}")
_RAISED = re.compile(r"((?:\w+\.){0,8}[A-Z]\w{0,60}(?:Error|Exception|Exit))(?::|$)")


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

    def take(self, text: bytes, now: float, back: int) -> None:
        """Count a line, if it is JSON with a level, of the last *back* hours."""
        if not text.startswith(b"{"):
            return
        try:
            line = _DECODER.decode(text)
            hour = int((now - _moment(line.timestamp)) // HOUR)
        except (msgspec.DecodeError, ValueError):
            return
        if hour < back and line.level:
            # A clock that is a little ahead of ours writes in the last hour.
            self.lines[max(0, hour)] += 1
            self.add(max(0, hour), line.level, line.group)

    def include(self, other: Tally) -> None:
        """Count what another one has counted."""
        self.counts += other.counts
        self.lines += other.lines
        self.notes += other.notes

    def add(self, hour: int, level: str, group: str, count: int = 1) -> None:
        """Count lines of a level, if it is one of errors or warnings."""
        kind = "error" if level.upper() in ERRORS else "warning"
        if kind == "error" or level.upper() in WARNINGS:
            self.counts[hour, kind, group] += count


class Line(msgspec.Struct):
    """What is read of a JSON line; nothing else of it is decoded."""

    timestamp: str = ""
    level: str | None = None
    logger: str | None = None
    exc_type: str | None = None
    exception: Any = None

    @property
    def group(self) -> str:
        return group(self.logger or "", self.exc_type or _type(self.exception))


_DECODER = msgspec.json.Decoder(Line)
READINGS: Mapping[str, str] = {
    **dict.fromkeys(("lines", "errors", "warnings", "groups", "top"), ""),
    **dict.fromkeys(("new", "new_warnings", "new_rate"), ""),
    "share": "%",
}
NAMING: frozenset[str] = frozenset({"top", "new", "new_warnings"})


def hours(window: float, before: float) -> int:
    """Return the hours of a window and of the time before it, both in seconds."""
    return _hours(window) + max(0, round(before / HOUR))


def judged(tally: Tally, window: float) -> Measurement:
    """Return what a tally says of the last *window* seconds, in whole hours."""
    recent_hours = _hours(window)
    recent: Counter[tuple[str, str]] = Counter()
    known: set[tuple[str, str]] = set()
    for (hour, kind, name), count in tally.counts.items():
        if hour < recent_hours:
            recent[kind, name] += count
        else:
            known.add((kind, name))
    errors = _of(recent, "error")
    new = [name for name in errors if ("error", name) not in known]
    warned = [name for name in _of(recent, "warning") if ("warning", name) not in known]
    rates: Counter[int] = Counter()
    for (hour, kind, name), count in tally.counts.items():
        if hour < recent_hours and kind == "error" and name in new:
            rates[hour] += count
    lines = sum(n for hour, n in tally.lines.items() if hour < recent_hours)
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
        Reading("share", 100 * total / lines if lines else None, "%"),
    )
    said = [
        f"{lines} lines in {recent_hours} h: {total} errors in {len(errors)} "
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


def _moment(said: str) -> float:
    """Return seconds since 1970; a time without a zone is one of UTC."""
    when = datetime.fromisoformat(said)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


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


def _hours(window: float) -> int:
    return max(1, round(window / HOUR))
