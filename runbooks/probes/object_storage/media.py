"""Probe of snapshots of the media in a bucket."""

from __future__ import annotations

import os
import re
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.object_storage.asking import head
from runbooks.probes.object_storage.store import StorageProbe, StoredObject
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread
from runbooks.quantities import shown
from runbooks.results import Reading

STANDARD = "STANDARD"
"""The class of objects that no header tells of."""
_SNAPSHOT = re.compile(r"(20\d{6}_\d{6})/.")


class MediaProbe(StorageProbe, frozen=True, kw_only=True):
    """Measures the newest snapshot of the media, ``PREFIX/YYYYmmdd_HHMMSS/…``.

    Readings:
        snapshots: how many there are.
        age: since something was last written to the newest, in seconds.
        files: how many files it holds.
        share: of the files of the newest local snapshot that it holds, in percent.
        storage_class: of one of its objects, such as ``STANDARD`` or ``GLACIER``.

    Attributes:
        media_prefix: what the keys begin with.
        media_directory: of the local snapshots, to compare with ``current`` there.

    Raises:
        ProbeError: the bucket cannot be asked.
    """

    media_prefix: str = "media/"
    media_directory: str = ""

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("snapshots", "files", "storage_class"), ""),
        "age": "s",
        "share": "%",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"storage_class"})

    @property
    def thing(self) -> str:
        return f"{self.source} {self.media_prefix}"

    async def measure(self, sources: Sources) -> Measurement:
        found: dict[str, list[StoredObject]] = defaultdict(list)
        for each in await self.objects(sources, self.media_prefix):
            if match := _SNAPSHOT.match(each.key.removeprefix(self.media_prefix)):
                found[match[1]].append(each)
        count = Reading("snapshots", len(found))
        if not found:
            absent = {name: Reading(name, None, u) for name, u in self.readings.items()}
            return Measurement(
                {**absent, "snapshots": count},
                f"no snapshot 20…_… below {self.media_prefix}",
            )
        name = max(found)
        newest = max(found[name], key=lambda each: each.modified)
        answer = await head(self, sources, newest.key)
        storage_class = answer.headers.get("x-amz-storage-class", STANDARD)
        age = Reading("age", max(0.0, time.time() - newest.modified), "s")
        seen = measured(
            f"{name}: {len(found[name])} files, {shown(age)} old, {storage_class}\n"
            f"{len(found)} snapshots below {self.media_prefix}",
            count,
            age,
            Reading("files", len(found[name])),
            Reading("storage_class", storage_class),
        )
        return await self._compared(seen, len(found[name]))

    async def _compared(self, seen: Measurement, files: int) -> Measurement:
        """Return what was seen, and what it is of the local files."""
        if not self.media_directory:
            lacking = {"share": "no [backups] media_directory in the profile"}
            return Measurement(seen.readings, seen.evidence, lacking=lacking)
        current = Path(self.media_directory).expanduser() / "current"
        local = await in_thread(lambda: _files(current), f"files {current}")
        if not local:
            lacking = {"share": f"{current} holds no file to compare with"}
            return Measurement(seen.readings, seen.evidence, lacking=lacking)
        share = Reading("share", 100 * files / local, "%")
        return Measurement(
            {**seen.readings, "share": share},
            f"{seen.evidence}\n{local} files in {current}",
        )


def _files(directory: Path) -> int:
    """Return how many files are below *directory*, 0 where it is not there."""
    return sum(len(names) for _, _, names in os.walk(directory.resolve()))
