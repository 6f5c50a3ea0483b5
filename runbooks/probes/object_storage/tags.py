"""Probe of the tags of a bucket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.object_storage.asking import setting, texts
from runbooks.probes.object_storage.store import StorageProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class TagsProbe(StorageProbe, frozen=True, kw_only=True):
    """Measures which of the agreed tags a bucket carries.

    Source: ``GetBucketTagging`` of S3. Values are not told.

    Readings:
        tags: how many of the agreed ones it carries.
        missing: the others; absent where it carries all.

    Attributes:
        required_tags: the agreed names, compared without case.

    Raises:
        ProbeError: the bucket cannot be asked.
    """

    required_tags: tuple[str, ...] = ("owner", "environment", "cost-center")

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(("tags", "missing"), "")
    naming: ClassVar[frozenset[str]] = frozenset({"missing"})

    async def measure(self, sources: Sources) -> Measurement:
        root = await setting(self, sources, "tagging")
        there = texts(root, "TagSet/Tag/Key")
        known = {key.lower() for key in there}
        missing = [key for key in self.required_tags if key.lower() not in known]
        return measured(
            f"{self.bucket} carries: {', '.join(there) or 'no tags'}",
            Reading("tags", len(self.required_tags) - len(missing)),
            Reading("missing", ", ".join(missing) or None),
        )
