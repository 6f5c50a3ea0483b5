"""Probe of how many dumps are kept, and for how long."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from runbooks.probes.backups.listing import CLASSES, Dump, DumpsProbe, listed
from runbooks.probes.base import Measurement
from runbooks.quantities import shown
from runbooks.results import Reading

_DAY = 86_400.0
_APART = {"daily": 1, "weekly": 7, "monthly": 31}
"""Days from one dump of a class to the next, at most."""
_ELSEWHERE = {"daily": 2, "weekly": 1, "monthly": 0}
"""Dumps that lie in another class: a Sunday's is weekly, that of the first monthly."""
_LEFT = 5
"""Names that evidence tells."""


class RetentionProbe(DumpsProbe, frozen=True, kw_only=True):
    """Measures what is kept in ``daily``, ``weekly`` and ``monthly``.

    The target system deletes by age: daily dumps after 7 days, weekly ones after 4
    times 7, monthly ones after 12 times 30.

    Readings:
        count: dumps of all classes.
        daily.count, weekly.count, monthly.count: dumps of one class.
        daily.oldest, weekly.oldest, monthly.oldest: age of its oldest dump, in
            seconds; absent where it has none.
        overdue: classes that hold dumps which should have been deleted by now.
        short: classes with fewer dumps than were made since the first one.

    Attributes:
        daily, weekly, monthly: how many are to be kept.
        grace: days by which deleting may be late.

    Raises:
        ProbeError: the directory may not be read.
    """

    daily: int = 7
    weekly: int = 4
    monthly: int = 12
    grace: int = 2

    readings: ClassVar[Mapping[str, str]] = {
        **{f"{kind}.count": "" for kind in CLASSES},
        **{f"{kind}.oldest": "s" for kind in CLASSES},
        **dict.fromkeys(("count", "overdue", "short"), ""),
    }
    naming: ClassVar[frozenset[str]] = frozenset({"overdue", "short"})

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        wrong = super().complaints(parameters)
        for name in (*CLASSES, "grace"):
            number = parameters.get(name, 1)
            if isinstance(number, int) and number < 0:
                wrong.append(f"{name}: {number} is less than nothing; write 0 or more")
        return wrong

    def look_at(self, directory: Path, end: float) -> Measurement:
        now = time.time()
        listing = listed(directory, self.pattern)
        history = now - listing.dumps[-1].written if listing.dumps else 0.0
        readings = [Reading("count", len(listing.dumps))]
        overdue, short, lines = [], [], []
        for kind in CLASSES:
            dumps = [dump for dump in listing.dumps if dump.kind == kind]
            oldest = now - dumps[-1].written if dumps else None
            readings.append(Reading(f"{kind}.count", len(dumps)))
            readings.append(Reading(f"{kind}.oldest", oldest, "s"))
            late = [d for d in dumps if now - d.written > self._longest(kind)]
            if late:
                overdue.append(f"{kind} ({len(late)})")
            expected = self._expected(kind, history)
            if len(dumps) < expected:
                short.append(f"{kind} ({len(dumps)} of {expected})")
            lines.append(_line(kind, dumps, oldest, late))
        readings.append(Reading("overdue", ", ".join(overdue) or None))
        readings.append(Reading("short", ", ".join(short) or None))
        return Measurement(
            {reading.name: reading for reading in readings},
            "\n".join(lines + listing.notes),
        )

    def _kept(self, kind: str) -> int:
        return {"daily": self.daily, "weekly": self.weekly}.get(kind, self.monthly)

    def _longest(self, kind: str) -> float:
        """Return the age in seconds at which a dump should be gone for certain."""
        period = 30 if kind == "monthly" else _APART[kind]
        # find(1) counts whole days, so that it deletes up to a day later.
        return (self._kept(kind) * period + 1 + self.grace) * _DAY

    def _expected(self, kind: str, history: float) -> int:
        """Return how many there have to be, *history* seconds after the first."""
        made = int(history / _DAY / _APART[kind])
        return max(0, min(self._kept(kind) - 1, made) - _ELSEWHERE[kind])


def _line(
    kind: str, dumps: Sequence[Dump], oldest: float | None, late: Sequence[Dump]
) -> str:
    said = f"{kind}: {len(dumps)}"
    if oldest is not None:
        said += f", oldest {shown(Reading('', oldest, 's'))}"
    if late:
        names = ", ".join(dump.name for dump in late[-_LEFT:])
        said += f", should be gone: {names}"
    return said
