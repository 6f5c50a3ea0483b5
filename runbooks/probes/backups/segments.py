"""Names and headers of WAL segments.

Sources: PostgreSQL's ``xlog_internal.h`` (``XLogFileName``, ``XLogLongPageHeaderData``)
and the documentation of continuous archiving.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from runbooks.probes.regular_file import opened

SEGMENT_SIZE = 16 * 2**20
"""Bytes, unless the cluster was made with another ``--wal-segsize``."""
_NAME = re.compile(
    r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(?:\.(?:gz|zst|lz4|bz2|xz|br|gpg|age))*"
)
_LOG = 2**32
"""Bytes of WAL that share the middle part of a name."""
_HEADER = struct.Struct("=HHIQI4xQII")
"""Magic, flags, timeline, address, rest, system, segment size, block size."""
_LONG = 0x0002
"""Flag of a page whose header says the size of the segment."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One archived segment.

    Attributes:
        number: of all segments since the cluster was made, in the order of WAL.
        size: of the file, in bytes.
        changed: when it was archived, in seconds since 1970.
    """

    path: Path
    timeline: int
    number: int
    size: int
    changed: float

    @property
    def is_packed(self) -> bool:
        return bool(self.path.suffix)


def segment(path: Path, size: int, changed: float, bytes_each: int) -> Segment | None:
    """Return the segment that a file is named after, None if it is none.

    Args:
        bytes_each: of a whole segment.
    """
    match = _NAME.fullmatch(path.name)
    if not match:
        return None
    timeline, log, low = (int(part, 16) for part in match.groups())
    return Segment(path, timeline, log * (_LOG // bytes_each) + low, size, changed)


def name(timeline: int, number: int, bytes_each: int) -> str:
    """Return the name of a segment."""
    log, low = divmod(number, _LOG // bytes_each)
    return f"{timeline:08X}{log:08X}{low:08X}"


def number_of(address: str, bytes_each: int) -> int:
    """Return the segment in which an address such as ``0/2000028`` lies.

    Raises:
        ValueError: it is no address.
    """
    high, slash, low = address.partition("/")
    if not slash:
        raise ValueError(f"{address!r} is no address in WAL")
    return (int(high, 16) * _LOG + int(low, 16)) // bytes_each


def size_said(path: Path) -> int:
    """Return how large its header says that a segment is, 0 if it says nothing.

    Raises:
        OSError: it may not be read.
    """
    with opened(path) as file:
        head = file.read(4096)
    if head[:2] == b"\x1f\x8b":
        try:
            head = zlib.decompressobj(31).decompress(head, _HEADER.size)
        except zlib.error:
            return 0
    if len(head) < _HEADER.size:
        return 0
    _, flags, _, _, _, _, size, _ = _HEADER.unpack(head[: _HEADER.size])
    # A power of two from 1 MiB to 1 GiB; anything else is no header.
    sound = flags & _LONG and 2**20 <= size <= 2**30 and not size & (size - 1)
    return int(size) if sound else 0


def gaps(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield first and last of each run of numbers that is missing in between."""
    ordered = sorted(set(numbers))
    for before, after in pairwise(ordered):
        if after > before + 1:
            yield before + 1, after - 1
