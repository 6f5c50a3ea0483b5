"""Probe of the days on which a dump was made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from runbooks.probes.backups.listing import DumpsProbe, listed
from runbooks.probes.base import Measurement, measured
from runbooks.results import Reading


class DaysProbe(DumpsProbe, frozen=True, kw_only=True):
    """Measures whether dumps are made day by day, by their names and times.

    It lists files and opens none; ``backups.dumps`` says what they are worth.

    Readings:
        age: since the newest dump was made, in seconds; absent without any.
        covered: days with a dump, of those that end with the newest one's.
        gaps: days without one among them, since the oldest dump.
        missing: which days these are.

    Attributes:
        days: how many are looked at.

    Raises:
        ProbeError: the directory may not be read.
    """

    days: int = 7

    readings: ClassVar[Mapping[str, str]] = {
        "age": "s",
        **dict.fromkeys(("covered", "gaps", "missing"), ""),
    }
    naming: ClassVar[frozenset[str]] = frozenset({"missing"})

    def look_at(self, directory: Path, end: float) -> Measurement:
        listing = listed(directory, self.pattern)
        seen = {dump.day for dump in listing.dumps}
        newest, oldest = max(seen, default=None), min(seen, default=None)
        wanted = (
            [newest - timedelta(days=n) for n in range(self.days)] if newest else []
        )
        missing = [day for day in wanted if oldest and day > oldest and day not in seen]
        named = ", ".join(f"{day:%Y-%m-%d}" for day in reversed(missing))
        lines = [
            f"{dump.day:%Y-%m-%d} {dump.kind} {dump.name}: {dump.size} B"
            for dump in listing.dumps[: self.days]
        ]
        return measured(
            "\n".join(lines + listing.notes)
            or f"no dump {self.pattern} in {directory}",
            listing.age(),
            Reading("covered", sum(day in seen for day in wanted)),
            Reading("gaps", len(missing)),
            Reading("missing", named or None),
        )
