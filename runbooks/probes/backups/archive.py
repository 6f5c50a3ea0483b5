"""The WAL archive as a whole: which segments there are, and which are missing."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from runbooks.probes.backups.place import files
from runbooks.probes.backups.segments import (
    SEGMENT_SIZE,
    Segment,
    gaps,
    name,
    segment,
    size_said,
)

_TOLD = 5
"""Gaps and names that are told."""
_SETTLED = 60.0
"""Seconds after which a segment is no longer being copied."""
_TRIED = 3
"""Segments whose header is read for their size."""


@dataclass(frozen=True, slots=True)
class Archive:
    """What lies in a WAL archive.

    Attributes:
        segments: in the order of WAL.
        bytes_each: of a whole segment, as its header says.
    """

    segments: tuple[Segment, ...]
    bytes_each: int

    @property
    def newest(self) -> Segment:
        return max(self.segments, key=lambda each: (each.timeline, each.number))

    def torn(self) -> str | None:
        """Name segments that cannot be whole: empty, or uncompressed and short."""
        until = time.time() - _SETTLED
        short = [
            each.path.name
            for each in self.segments
            if each.changed < until
            and (not each.size or (not each.is_packed and each.size != self.bytes_each))
        ]
        return _shortened(short)

    def missing(self, first: int) -> tuple[int, str | None]:
        """Return how many segments lack from *first* on, and which."""
        numbers = [each.number for each in self.segments if each.number >= first]
        # What comes before the first one that is there is missing too.
        lacking = list(gaps([first - 1, *numbers])) if numbers else [(first, first)]
        count = sum(last - begin + 1 for begin, last in lacking)
        return count, _shortened([self._named(*each) for each in lacking])

    def _named(self, begin: int, last: int) -> str:
        said = name(self.newest.timeline, begin, self.bytes_each)
        if begin == last:
            return said
        until = name(self.newest.timeline, last, self.bytes_each)
        return f"{said} to {until} ({last - begin + 1})"


def archived(directory: Path) -> Archive | None:
    """Return what the archive holds, None if there is no segment in it.

    Histories of timelines, labels of backups and partial segments are no segments.

    Raises:
        OSError: the directory or a segment may not be read.
        ProbeError: there are too many.
    """
    found = list(files(directory, ("[0-9A-F]" * 24 + "*",)))
    each = _bytes_each(path for path, seen in found if seen.st_size)
    segments = (segment(p, seen.st_size, seen.st_mtime, each) for p, seen in found)
    known = [one for one in segments if one is not None]
    known.sort(key=lambda one: (one.number, one.timeline))
    return Archive(tuple(known), each) if known else None


def _bytes_each(paths: Iterable[Path]) -> int:
    for path, _ in zip(paths, range(_TRIED), strict=False):
        if size := size_said(path):
            return size
    return SEGMENT_SIZE


def _shortened(said: Sequence[str]) -> str | None:
    if not said:
        return None
    more = f" and {len(said) - _TOLD} more" if len(said) > _TOLD else ""
    return ", ".join(said[:_TOLD]) + more
