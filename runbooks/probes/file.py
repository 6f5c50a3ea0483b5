"""Probe of a file, or of the newest that a pattern matches."""

from __future__ import annotations

import glob
import os
import stat
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Measurement, Probe, measured
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread
from runbooks.results import Reading

KEPT = 256 * 1024
"""Bytes of a file that patterns see."""
MOST = 10_000
"""Matches; a pattern that matches more names no particular file."""


class FileProbe(Probe, frozen=True, kw_only=True):
    """Looks at a file or directory: the newest of those that a pattern matches.

    Only regular files are opened, so that a pipe or device cannot hold it up.

    Readings:
        exists: whether anything matches.
        count: how many match.
        age: since the newest was changed, in seconds.
        size: of the newest, in bytes.
        mode: of the newest, such as ``0600``.
        content: the beginning of the newest as text, for patterns.
        name: of the newest, without its directory.

    All but the first two are absent when nothing matches.

    Attributes:
        path: absolute, or below the home directory with ``~``; may hold ``*``,
            ``?`` and ``[…]``, but not ``**``.

    Raises:
        ProbeError: the directory or file may not be read.
    """

    path: str
    timeout: Duration = Duration(5)

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("exists", "count", "mode", "content", "name"), ""),
        "age": "s",
        "size": "B",
    }

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        path = parameters["path"]
        if "\0" in path:
            return ["path: no file name holds a NUL character; take it out"]
        if "**" in path:
            return ["path: ** is not followed; name the directories with *"]
        if not path.startswith(("/", "~", "${")):
            return [f"path: {path!r} is not absolute; begin it with /, ~ or ${{…}}"]
        return []

    @property
    def source(self) -> str:
        return f"file {self.path}"

    async def measure(self, sources: Sources) -> Measurement:
        return await in_thread(self._look, "file probe")

    def _look(self) -> Measurement:
        try:
            matches = self._matches()
        except OSError as error:
            raise ProbeError(f"{error.filename}: {error.strerror}") from error
        exists = Reading("exists", bool(matches))
        count = Reading("count", len(matches))
        if not matches:
            absent = (
                Reading(name, None, self.unit(name) or "")
                for name in ("age", "size", "mode", "content", "name")
            )
            return measured(f"{self.path}: nothing there", exists, count, *absent)
        path, found = max(matches, key=lambda match: match[1].st_mtime)
        mode = f"{stat.S_IMODE(found.st_mode):04o}"
        changed = datetime.fromtimestamp(found.st_mtime, UTC)
        readings = [
            exists,
            count,
            Reading("age", max(0.0, time.time() - found.st_mtime), "s"),
            Reading("size", found.st_size, "B"),
            Reading("mode", mode),
            Reading("name", path.name),
        ]
        if stat.S_ISREG(found.st_mode):
            content = _content(path)
            if content is not None:
                readings.append(Reading("content", content))
        return measured(
            f"{path}\n{found.st_size} B, mode {mode}, changed {changed:%Y-%m-%d %H:%M}"
            f" UTC, newest of {len(matches)}",
            *readings,
        )

    def _matches(self) -> list[tuple[Path, os.stat_result]]:
        pattern = os.path.expanduser(self.path)
        if not glob.has_magic(pattern):
            try:
                return [(Path(pattern), os.stat(pattern))]
            except (FileNotFoundError, NotADirectoryError):
                return []
        found: list[tuple[Path, os.stat_result]] = []
        for match in glob.iglob(pattern):
            if len(found) == MOST:
                raise ProbeError(f"more than {MOST} files match; narrow the pattern")
            try:
                found.append((Path(match), os.stat(match)))
            except FileNotFoundError:
                # Rotated away since it was listed, or a link to nothing.
                continue
        if not found:
            _demand_readable(pattern)
        return found


def _demand_readable(pattern: str) -> None:
    """Tell an empty directory from one that may not be read: glob does not.

    Raises:
        OSError: the directory that a pattern begins in may not be read.
    """
    fixed = Path(pattern)
    while glob.has_magic(str(fixed)):
        fixed = fixed.parent
    try:
        os.scandir(fixed).close()
    except (FileNotFoundError, NotADirectoryError):
        return


def _content(path: Path) -> str | None:
    """The beginning of a regular file, None where it may not be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return None
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        try:
            return file.read(KEPT).decode("utf-8", "replace")
        except OSError:
            return None


PROBES = {"file": FileProbe}
