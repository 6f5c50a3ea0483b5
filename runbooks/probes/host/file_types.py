"""Probe of what kinds of files fill a directory tree."""

from __future__ import annotations

import os
import stat
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Measurement, measured
from runbooks.probes.host.machine import MachineProbe
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread
from runbooks.quantities import shown
from runbooks.results import Reading

MOST = 1_000_000
"""Files; counting more takes longer than anybody waits."""
_TOLD = 8
"""Kinds of files that evidence tells."""
_BUDGET = 0.9


class FileTypesProbe(MachineProbe, frozen=True, kw_only=True):
    """Measures which kinds of files take the space below a directory.

    By the endings of names. Links are not followed, and a file that several names
    lead to counts once for each.

    Readings:
        files: how many there are.
        bytes: what they take together.
        raw: bytes in files of the kinds that are not compressed.
        raw_share: the same as a share of all, in percent; 0 without any file.
        raw_files: how many these are.
        raw_age: since the oldest of them was last written, in seconds; absent
            without any.

    Attributes:
        path: absolute, or below the home directory with ``~``.
        kinds: endings of names that are not compressed, without a dot.

    Raises:
        ProbeError: it is no directory, may not be read, or holds too many files.
    """

    path: str
    kinds: tuple[str, ...] = ("wav",)
    timeout: Duration = Duration(20)

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("files", "raw_files"), ""),
        **dict.fromkeys(("bytes", "raw"), "B"),
        "raw_share": "%",
        "raw_age": "s",
    }

    @property
    def source(self) -> str:
        return f"files {self.path}"

    async def look_here(self, sources: Sources) -> Measurement:
        sources.asked(self.source)
        end = time.monotonic() + _BUDGET * self.timeout
        return await in_thread(lambda: self._look(end), self.source)

    def _look(self, end: float) -> Measurement:
        root = os.path.expanduser(self.path)
        sizes: Counter[str] = Counter()
        count, raw = 0, []
        try:
            for kind, seen in _files(root):
                count += 1
                sizes[kind] += seen.st_size
                if kind in self.kinds:
                    raw.append(seen.st_mtime)
                if count > MOST or time.monotonic() > end:
                    said = f"counted {count} files below {root} in time, not all"
                    raise ProbeError(said, stage="timeout")
        except OSError as error:
            stage = "login" if isinstance(error, PermissionError) else "query"
            said = f"{error.filename}: {error.strerror}"
            raise ProbeError(said, stage=stage) from error
        return _measured(count, sizes, raw, self.kinds)


def _files(root: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the ending of each regular file's name, and what stat(2) says of it."""
    waiting = [root]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                    continue
                try:
                    seen = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # it was removed meanwhile
                if stat.S_ISREG(seen.st_mode):
                    yield os.path.splitext(entry.name)[1].lower().lstrip("."), seen


def _measured(
    count: int,
    sizes: Counter[str],
    written: Sequence[float],
    kinds: tuple[str, ...],
) -> Measurement:
    """Sum up; *written* says when each file of these kinds was."""
    whole = sum(sizes.values())
    raw = sum(sizes[kind] for kind in kinds)
    age = max(0.0, time.time() - min(written)) if written else None
    lines = [
        f"{kind or 'without an ending'}: {shown(Reading('', size, 'B'))}"
        for kind, size in sizes.most_common(_TOLD)
    ]
    return measured(
        "\n".join(lines) or "no files",
        Reading("files", count),
        Reading("bytes", whole, "B"),
        Reading("raw", raw, "B"),
        Reading("raw_share", 100 * raw / whole if whole else 0, "%"),
        Reading("raw_files", len(written)),
        Reading("raw_age", age, "s"),
    )
