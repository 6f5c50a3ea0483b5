"""Probe of the archive of write-ahead log."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from runbooks.probes.backups.archive import archived
from runbooks.probes.backups.place import PlaceProbe
from runbooks.probes.base import Measurement, measured
from runbooks.quantities import shown
from runbooks.results import Reading


class WalProbe(PlaceProbe, frozen=True, kw_only=True):
    """Measures what lies in the WAL archive, compressed or not.

    Segments follow one another across timelines. How large they are is read from
    the header of one that is plain or gzip; 16 MiB where none can be read.

    Readings:
        segments: how many there are.
        age: since the newest was archived, in seconds; absent without any.
        newest, oldest: names of the last and first segment.
        gaps: how many are missing in between.
        missing: which ones these are.
        torn: those that cannot be whole: empty, or uncompressed and too short.
        timeline: of the newest.
        timelines: how many there are.

    Attributes:
        wal_directory: where ``archive_command`` writes.

    Raises:
        ProbeError: the directory may not be read.
    """

    wal_directory: str

    readings: ClassVar[Mapping[str, str]] = {
        "age": "s",
        **dict.fromkeys(("segments", "newest", "oldest", "gaps", "missing"), ""),
        **dict.fromkeys(("torn", "timeline", "timelines"), ""),
    }
    naming: ClassVar[frozenset[str]] = frozenset(
        {"newest", "oldest", "missing", "torn"}
    )

    @property
    def place(self) -> str:
        return self.wal_directory

    def look_at(self, directory: Path, end: float) -> Measurement:
        archive = archived(directory)
        if archive is None:
            absent = {name: Reading(name, None, u) for name, u in self.readings.items()}
            absent["segments"] = Reading("segments", 0)
            return Measurement(absent, f"no segment of WAL in {directory}")
        segments, newest = archive.segments, archive.newest
        gaps, missing = archive.missing(segments[0].number)
        age = max(0.0, time.time() - max(each.changed for each in segments))
        each = shown(Reading("", archive.bytes_each, "B"))
        return measured(
            f"{len(segments)} segments of {each}, {segments[0].path.name} to"
            f" {newest.path.name}\nmissing: {missing or 'none'}",
            Reading("segments", len(segments)),
            Reading("age", age, "s"),
            Reading("newest", newest.path.name),
            Reading("oldest", segments[0].path.name),
            Reading("gaps", gaps),
            Reading("missing", missing),
            Reading("torn", archive.torn()),
            Reading("timeline", newest.timeline),
            Reading("timelines", len({each.timeline for each in segments})),
        )
