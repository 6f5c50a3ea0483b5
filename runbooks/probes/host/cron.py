"""Crontabs: which commands run when, and how long the pauses in between are.

Source: crontab(5) of Debian's cron and of cronie.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

_NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_NAMES = {
    3: dict(
        jan=1,
        feb=2,
        mar=3,
        apr=4,
        may=5,
        jun=6,
        jul=7,
        aug=8,
        sep=9,
        oct=10,
        nov=11,
        dec=12,
    ),
    4: dict(sun=0, mon=1, tue=2, wed=3, thu=4, fri=5, sat=6),
}
"""Names that the fields of months and weekdays know."""
_PART = re.compile(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?")
_ASSIGNMENT = re.compile(r"\s*[A-Za-z_]\w*\s*=")
_DAYS = 2 * 366
"""Days over which pauses are looked for; rarer than that is no schedule."""
_BEGIN = date(2027, 1, 1)
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a crontab.

    Attributes:
        when: as written, such as ``0 2 * * *``.
    """

    when: str
    command: str

    @property
    def interval(self) -> float | None:
        """The longest pause between two runs, in seconds; None if there is no next."""
        written = _NICKNAMES.get(self.when.lower(), self.when)
        if written.startswith("@"):
            return None
        fields = written.split()
        minutes, hours, days, months, weekdays = (
            _values(field, position) for position, field in enumerate(fields)
        )
        # Days of the month and of the week add up unless one of them is `*`.
        either = not fields[2].startswith("*") and not fields[4].startswith("*")
        times = [3600 * hour + 60 * minute for hour in hours for minute in minutes]
        pauses = [later - before for before, later in pairwise(times)]
        last = None
        for number in range(_DAYS):
            day = _BEGIN + timedelta(days=number)
            of_month, of_week = day.day in days, day.isoweekday() % 7 in weekdays
            fits = of_month or of_week if either else of_month and of_week
            if fits and day.month in months:
                midnight = number * _DAY
                if last is not None:
                    pauses.append(midnight + times[0] - last)
                last = midnight + times[-1]
        return float(max(pauses)) if pauses else None


def entries(text: str, *, with_user: bool) -> Iterator[Entry]:
    """Yield the entries of a crontab; what is none is left out.

    Args:
        with_user: whether a user stands before the command, as in ``/etc/crontab``.
    """
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#") or _ASSIGNMENT.match(line):
            continue
        times = 1 if line.startswith("@") else 5
        parts = line.split(None, times + with_user)
        if len(parts) == times + with_user + 1:
            entry = Entry(" ".join(parts[:times]), parts[-1])
            if _is_sound(entry.when):
                yield entry


def _is_sound(when: str) -> bool:
    if when.startswith("@"):
        return when.lower() in _NICKNAMES or when.lower() == "@reboot"
    try:
        for position, field in enumerate(when.split()):
            _values(field, position)
    except (ValueError, LookupError):
        return False
    return True


def _values(field: str, position: int) -> list[int]:
    """Return what a field allows, in order.

    Raises:
        ValueError: it is no field of a crontab.
        LookupError: it names something that nobody knows.
    """
    low, high = _RANGES[position]
    found: set[int] = set()
    for part in field.lower().split(","):
        match = _PART.fullmatch(part)
        if not match:
            raise ValueError(f"{part!r} says no time")
        first, last, step = match.groups()
        begin = low if first == "*" else _number(first, position)
        end = high if first == "*" or (step and not last) else begin
        end = _number(last, position) if last else end
        if not low <= begin <= end <= high or step == "0":
            raise ValueError(f"{part!r} lies outside of {low} to {high}")
        found.update(range(begin, end + 1, int(step or 1)))
    return sorted({value % 7 for value in found} if position == 4 else found)


def _number(text: str, position: int) -> int:
    if text.isdecimal():
        return int(text)
    names = _NAMES.get(position, {})
    return names[text[:3]]
