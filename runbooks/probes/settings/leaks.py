"""Probe of files, logs above all, in which somebody has written a login."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Measurement, Probe, measured
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread
from runbooks.results import Reading
from runbooks.setting_aspects import is_placeholder

MOST = 1000
"""Files; the newest are read."""
LARGEST = 16 * 1024 * 1024
"""Bytes of one file that are read, from its end."""
_LOGIN = re.compile(r"://[^\s/:@]*:([^\s@/*]{3,})@")


class LeaksProbe(Probe, frozen=True, kw_only=True):
    """Searches files for URLs with a password, and tells only where they stand.

    Readings:
        files: how many were read.
        leaks: files with such a line, with the number of the first; absent without.
        mode: of the most open one, such as ``0644``; absent without files.

    Attributes:
        paths: absolute patterns with ``*``.

    Raises:
        ProbeError: one may not be read.
    """

    paths: tuple[str, ...]
    timeout: Duration = Duration(10)

    readings: ClassVar[dict[str, str]] = dict.fromkeys(("files", "leaks", "mode"), "")
    naming: ClassVar[frozenset[str]] = frozenset({"leaks"})

    @classmethod
    def complaints(cls, parameters: Any) -> list[str]:
        paths = [path for path in parameters.get("paths", ()) if "${" not in path]
        wrong = [path for path in paths if not path.startswith(("/", "~/"))]
        return [f"{path!r} is not absolute" for path in wrong]

    @property
    def source(self) -> str:
        return f"file {', '.join(self.paths)}"

    async def measure(self, sources: Sources) -> Measurement:
        sources.asked(self.source)
        try:
            return await in_thread(self._searched, "leaks")
        except OSError as error:
            raise ProbeError(
                f"{error.filename} cannot be read: {error.strerror}",
                source=self.source,
                stage="query",
            ) from error

    def _searched(self) -> Measurement:
        files = _newest(self.paths)
        leaks, modes = [], []
        for path in files:
            mode, line = _search(path)
            modes.append(mode)
            if line:
                leaks.append(f"{os.path.basename(path)}, line {line}")
        evidence = [
            f"{len(files)} files read",
            *(f"a login in {leak}" for leak in leaks),
        ]
        worst = max((f"{mode:04o}" for mode in modes), default=None)
        return measured(
            "\n".join(evidence),
            Reading("files", len(files)),
            Reading("leaks", "; ".join(leaks) or None),
            Reading("mode", worst),
        )


def _newest(patterns: tuple[str, ...]) -> list[str]:
    found: dict[str, float] = {}
    for pattern in patterns:
        for path in glob.iglob(str(Path(pattern).expanduser())):
            about = os.stat(path)
            if stat.S_ISREG(about.st_mode):
                found[path] = about.st_mtime
    return sorted(found, key=found.__getitem__, reverse=True)[:MOST]


def _search(path: str) -> tuple[int, int]:
    """Return the mode of a file, and the number of its first line with a login."""
    with open(path, "rb") as file:
        about = os.fstat(file.fileno())
        file.seek(max(0, about.st_size - LARGEST))
        lines = (line.decode("utf-8", "replace") for line in file)
        first = next(_lines_with_login(lines), 0)
    return stat.S_IMODE(about.st_mode), first


def _lines_with_login(lines: Iterator[str]) -> Iterator[int]:
    for number, line in enumerate(lines, 1):
        if any(not is_placeholder(m[1]) for m in _LOGIN.finditer(line)):
            yield number
