"""Probe of whether files of the newest media snapshot are still what was written."""

from __future__ import annotations

import hashlib
import random
import stat
import time
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import BinaryIO, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.backups import checksums
from runbooks.probes.backups.snapshots import MediaProbe, Snapshot, snapshots
from runbooks.probes.base import Duration, Measurement
from runbooks.probes.regular_file import opened
from runbooks.results import Reading

_PIECE = 2**20


class SampleProbe(MediaProbe, frozen=True, kw_only=True):
    """Reads random files of the newest snapshot again and compares their checksums.

    Which ones differs from look to look, so that over time all are read. The file of
    checksums may name them by the paths of a container: what follows the snapshot's
    own name counts, and nothing outside of the snapshot is read.

    Readings:
        listed: how many files the checksums name; absent without such a file.
        sampled: how many were read.
        mismatched: those that differ.
        missing: those that are not there.
        outside: listed paths that lie in another place.

    Attributes:
        files: how many are read.

    Raises:
        ProbeError: something may not be read, or the time did not suffice for one
            file.
    """

    files: int = 10
    timeout: Duration = Duration(20)

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("listed", "sampled", "mismatched", "missing", "outside"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"mismatched", "missing", "outside"})

    def look_at(self, directory: Path, end: float) -> Measurement:
        found = snapshots(directory)
        nothing = {name: Reading(name, None) for name in self.readings}
        nothing["sampled"] = Reading("sampled", 0)
        if not found:
            return Measurement(nothing, f"no snapshot 20…_… in {directory}")
        newest = found[0]
        try:
            with opened(newest.checksums) as file:
                listed, chosen = self._chosen(file, end)
        except FileNotFoundError:
            return Measurement(nothing, f"{newest.checksums.name} is not there")
        compared = _Compared(newest)
        for digest, path in chosen:
            if not compared.add(digest, path, end):
                break
        if chosen and not compared.looked:
            said = f"{chosen[0][1]} is too large to be read in {self.timeout:g} s"
            raise ProbeError(said, stage="timeout")
        return compared.measurement(listed)

    def _chosen(self, file: BinaryIO, end: float) -> tuple[int, list[tuple[str, str]]]:
        """Return how many lines there are, and as many of them as are to be read.

        Raises:
            ProbeError: there are more than the time suffices for.
        """
        chosen: list[tuple[str, str]] = []
        count = 0
        for count, line in enumerate(checksums.lines(file), 1):
            # Algorithm R (Vitter 1985): each line has the same chance.
            place = len(chosen) if count <= self.files else random.randrange(count)
            if count <= self.files:
                chosen.append(line)
            elif place < self.files:
                chosen[place] = line
            if time.monotonic() > end:
                said = f"read {count} lines of {file.name} in {self.timeout:g} s"
                raise ProbeError(said, stage="timeout")
        return count, chosen


class _Compared:
    """Files of one snapshot, as far as they were compared."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._sampled = 0
        self._named: dict[str, list[str]] = {
            name: [] for name in ("mismatched", "missing", "outside")
        }

    @property
    def looked(self) -> int:
        """How many paths were looked at."""
        return self._sampled + sum(map(len, self._named.values()))

    def add(self, digest: str, path: str, end: float) -> bool:
        """Compare one file; return whether there was time for it."""
        within = _within(self._snapshot, path)
        if within is None:
            self._named["outside"].append(path[:120])
            return True
        try:
            if not stat.S_ISREG(within.lstat().st_mode):
                raise FileNotFoundError
            found = _sha256(within, end)
        except (FileNotFoundError, NotADirectoryError):
            self._named["missing"].append(within.name)
            return True
        if not found:
            return False
        self._sampled += 1
        if found != digest:
            self._named["mismatched"].append(within.name)
        return True

    def measurement(self, listed: int) -> Measurement:
        readings = [Reading("listed", listed), Reading("sampled", self._sampled)]
        readings += [
            Reading(name, ", ".join(paths) or None)
            for name, paths in self._named.items()
        ]
        return Measurement(
            {reading.name: reading for reading in readings},
            f"{self._snapshot.name}: read {self._sampled} of {listed} files again",
        )


def _within(snapshot: Snapshot, path: str) -> Path | None:
    """Return where a listed file lies in the snapshot, None if it does not."""
    parts = PurePosixPath(path).parts
    if snapshot.name in parts:
        parts = parts[parts.index(snapshot.name) + 1 :]
    elif path.startswith("/"):
        return None
    if not parts:
        return None
    found = snapshot.path.joinpath(*parts)
    # `..` and links inside of the snapshot may lead out of it.
    return (
        found
        if found.parent.resolve().is_relative_to(snapshot.path.resolve())
        else None
    )


def _sha256(path: Path, end: float) -> str:
    """Return the checksum of a file, "" if there was no time for it."""
    digest = hashlib.sha256()
    with opened(path) as file:
        while piece := file.read(_PIECE):
            if time.monotonic() > end:
                return ""
            digest.update(piece)
    return digest.hexdigest()
