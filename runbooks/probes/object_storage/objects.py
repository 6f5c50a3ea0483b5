"""Probe of the objects below a prefix."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.object_storage.store import StorageProbe
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading


class ObjectsProbe(StorageProbe, frozen=True, kw_only=True):
    """Measures what lies below a prefix of a bucket.

    Source: ``ListObjectsV2`` of S3.

    Readings:
        answers: yes; a bucket that is not there or forbids it does not answer.
        count: how many objects there are.
        size: of them together, in bytes.
        age: since the newest was written, in seconds; absent without any.
        newest: its key.
        empty: keys of objects without content, at most three.

    Attributes:
        prefix: what their keys begin with.

    Raises:
        ProbeError: the bucket cannot be asked.
    """

    prefix: str = "backups/postgres/"

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("answers", "count", "newest", "empty"), ""),
        "size": "B",
        "age": "s",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"newest", "empty"})

    @property
    def thing(self) -> str:
        return f"{self.source} {self.prefix}"

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.objects(sources, self.prefix)
        size = Reading("size", sum(each.size for each in found), "B")
        newest = max(found, key=lambda each: (each.modified, each.key), default=None)
        age = max(0.0, time.time() - newest.modified) if newest else None
        empty = [each.key for each in found if not each.size and each.key[-1:] != "/"]
        said = f"{len(found)} objects, {shown(size)}, below {self.prefix or '/'}"
        if newest:
            when = datetime.fromtimestamp(newest.modified, UTC)
            said += f"\nnewest: {newest.key} of {when:%Y-%m-%d %H:%M} UTC"
        return measured(
            said,
            Reading("answers", True),
            Reading("count", len(found)),
            size,
            Reading("age", age, "s"),
            Reading("newest", newest.key if newest else None),
            Reading("empty", ", ".join(empty[:3]) or None),
        )
