"""Probe of WAL that was archived to a bucket."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.object_storage.store import StorageProbe
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading

_SEGMENT = re.compile(
    r"(?:^|/)([0-9A-F]{24})(?![0-9A-F])(?!\.(?:partial|.*backup))[^/]*$"
)


class SegmentsProbe(StorageProbe, frozen=True, kw_only=True):
    """Measures how far a remote archive of WAL has come.

    Known are the names that WAL-G, pgBackRest and barman give to segments: the 24
    digits of PostgreSQL, and then what compressed them.

    Readings:
        count: how many segments there are.
        age: since the newest was written, in seconds; absent without any.
        segment: the newest, as ``pg_stat_archiver`` names it.

    Attributes:
        wal_prefix: what their keys begin with, such as ``wal_005/`` of WAL-G or
            ``archive/main/`` of pgBackRest.

    Raises:
        ProbeError: the bucket cannot be asked.
    """

    wal_prefix: str

    readings: ClassVar[Mapping[str, str]] = {"count": "", "age": "s", "segment": ""}
    naming: ClassVar[frozenset[str]] = frozenset({"segment"})

    @property
    def thing(self) -> str:
        return f"{self.source} {self.wal_prefix}"

    async def measure(self, sources: Sources) -> Measurement:
        found = [
            (each.modified, match[1])
            for each in await self.objects(sources, self.wal_prefix)
            if (match := _SEGMENT.search(each.key))
        ]
        if not found:
            return measured(
                f"no segment below {self.wal_prefix}",
                Reading("count", 0),
                Reading("age", None, "s"),
                Reading("segment", None),
            )
        modified, segment = max(found)
        age = Reading("age", max(0.0, time.time() - modified), "s")
        return measured(
            f"{len(found)} segments, the newest {segment}, {shown(age)} old",
            Reading("count", len(found)),
            age,
            Reading("segment", segment),
        )
