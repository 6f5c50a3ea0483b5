"""Probe of whether the files for a recovery to a point in time are all there."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.backups.archive import Archive, archived
from runbooks.probes.backups.place import PlaceProbe
from runbooks.probes.backups.segments import name, number_of
from runbooks.probes.base import Measurement
from runbooks.probes.regular_file import opened
from runbooks.quantities import shown
from runbooks.results import Reading

MANIFEST = "backup_manifest"
_LARGEST = 256 * 2**20
"""Bytes of a manifest; it says one line per file of the cluster."""


@dataclass(frozen=True, slots=True)
class Base:
    """A physical base backup.

    Attributes:
        made: when it ended, in seconds since 1970.
        start: address in WAL from which a recovery begins.
    """

    name: str
    made: float
    timeline: int
    start: str


class RecoveryProbe(PlaceProbe, frozen=True, kw_only=True):
    """Measures whether every segment since the newest physical base backup is kept.

    A base backup is what pg_basebackup made, as files or as tar: a directory with a
    ``backup_manifest``, which says where recovery begins. Dumps are none: they
    cannot be rolled forward.

    Readings:
        bases: how many physical base backups there are.
        base: name of the newest; absent without any.
        age: since it was made, in seconds.
        start: the segment that recovery from it begins with.
        segments: how many are archived from there on.
        gaps: how many are missing from there on.
        missing: which ones these are.

    Attributes:
        base_directory: holds one directory for each base backup.
        wal_directory: where ``archive_command`` writes.

    Raises:
        ProbeError: a directory or manifest may not be read.
    """

    base_directory: str
    wal_directory: str

    readings: ClassVar[Mapping[str, str]] = {
        "age": "s",
        **dict.fromkeys(("bases", "base", "start", "segments", "gaps"), ""),
        "missing": "",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"base", "start", "missing"})

    @property
    def place(self) -> str:
        return self.base_directory

    def look_at(self, directory: Path, end: float) -> Measurement:
        bases = _bases(directory)
        archive = archived(Path(self.wal_directory).expanduser())
        found: dict[str, Reading] = {
            name: Reading(name, None, unit) for name, unit in self.readings.items()
        }
        found["bases"] = Reading("bases", len(bases))
        if not bases:
            said = (
                f"no physical base backup in {directory}: dumps are not rolled forward"
            )
            return Measurement(found, said)
        base = max(bases, key=lambda each: each.made)
        age = Reading("age", max(0.0, time.time() - base.made), "s")
        seen = [Reading("base", base.name), age, *_chain(base, archive)]
        found.update({reading.name: reading for reading in seen})
        lines = [
            f"{base.name}: made {shown(age)} ago, recovery begins at {base.start}",
            f"segments from there on: {found['segments'].value},"
            f" missing: {found['missing'].value or 'none'}",
        ]
        return Measurement(found, "\n".join(lines))


def _chain(base: Base, archive: Archive | None) -> list[Reading]:
    """Return what is archived from where recovery begins."""
    if archive is None:
        missing = "every segment since the base backup"
        return [Reading("segments", 0), Reading("missing", missing)]
    first = number_of(base.start, archive.bytes_each)
    count = len({one.number for one in archive.segments if one.number >= first})
    gaps, missing_ones = archive.missing(first)
    return [
        Reading("start", name(base.timeline, first, archive.bytes_each)),
        Reading("segments", count),
        Reading("gaps", gaps),
        Reading("missing", missing_ones),
    ]


def _bases(directory: Path) -> list[Base]:
    found = []
    for manifest in sorted(directory.glob(f"*/{MANIFEST}")):
        with opened(manifest) as file:
            text = file.read(_LARGEST + 1)
            made = manifest.stat().st_mtime
        try:
            if len(text) > _LARGEST:
                raise ValueError("it is too large")
            first = _first_range(json.loads(text))
            start = str(first["Start-LSN"])
            number_of(start, 1)
            base = Base(manifest.parent.name, made, int(first["Timeline"]), start)
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            said = f"{manifest} is no manifest of a base backup: {error}"
            raise ProbeError(said, stage="query") from error
        found.append(base)
    return found


def _first_range(manifest: Any) -> Mapping[str, Any]:
    """Return where the WAL begins that a backup needs (pg_basebackup, since 13)."""
    ranges = manifest["WAL-Ranges"]
    first: Mapping[str, Any] = ranges[-1]
    return first
