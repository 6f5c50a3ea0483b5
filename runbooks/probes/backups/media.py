"""Probe of when snapshots of the media were taken, and how long they are kept."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

from runbooks.probes.backups.snapshots import CURRENT, MediaProbe, snapshots
from runbooks.probes.base import Measurement, measured
from runbooks.results import Reading

_DAY = 86_400.0
_TOLD = 10
"""Snapshots that evidence tells."""


class SnapshotsProbe(MediaProbe, frozen=True, kw_only=True):
    """Measures when snapshots were taken, by their names.

    Readings:
        count: how many there are.
        age: since the newest was taken, in seconds; absent without any.
        oldest: age of the oldest, in seconds.
        interval: the longest time between two of the last days, in seconds; that
            since the newest counts too. Absent while there is only one.
        current: the snapshot that the link ``current`` leads to.
        is_newest: whether that is the newest one.
        empty: whether the newest one holds nothing.
        checksums: whether the newest one has a file of checksums.

    Attributes:
        days: within which intervals are looked at.

    Raises:
        ProbeError: the directory may not be read.
    """

    days: int = 8

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("age", "oldest", "interval"), "s"),
        **dict.fromkeys(("count", "current", "is_newest", "empty", "checksums"), ""),
    }
    naming: ClassVar[frozenset[str]] = frozenset({"current"})

    def look_at(self, directory: Path, end: float) -> Measurement:
        found = snapshots(directory)
        if not found:
            absent = {name: Reading(name, None, u) for name, u in self.readings.items()}
            absent["count"] = Reading("count", 0)
            return Measurement(absent, f"no snapshot 20…_… in {directory}")
        now = time.time()
        newest, oldest = found[0], found[-1]
        current = _current(directory)
        lines = [f"{CURRENT} leads to {current or 'nothing'}"]
        lines += [each.name for each in found[:_TOLD]]
        return measured(
            "\n".join(lines),
            Reading("count", len(found)),
            Reading("age", max(0.0, now - newest.taken), "s"),
            Reading("oldest", max(0.0, now - oldest.taken), "s"),
            Reading("interval", self._interval([s.taken for s in found], now), "s"),
            Reading("current", current or None),
            Reading("is_newest", current == newest.name),
            Reading("empty", not any(newest.path.iterdir())),
            Reading("checksums", newest.checksums.is_file()),
        )

    def _interval(self, taken: list[float], now: float) -> float | None:
        """Return the longest pause, *taken* newest first."""
        if len(taken) < 2:
            return None
        since = now - self.days * _DAY
        pauses = [later - before for later, before in pairwise(taken) if later > since]
        return max([now - taken[0], *pauses])


def _current(directory: Path) -> str:
    """Return the name of the snapshot that ``current`` leads to, "" if to none."""
    link = directory / CURRENT
    try:
        target = os.path.basename(os.readlink(link).rstrip("/"))
    except OSError:
        return ""
    # In a container the same directory may have another path than here.
    return target if (directory / target).is_dir() else ""
