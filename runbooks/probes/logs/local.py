"""Log files on this machine: their last lines, and those of the rotated ones.

Nothing of a file is kept: lines go by one at a time, long ones are cut, and of a
huge file only the end is read.
"""

from __future__ import annotations

import glob
import gzip
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, cast

from runbooks.errors import ProbeError
from runbooks.probes.regular_file import opened

END = 256 * 1024
"""Bytes at the end of a file among which the last lines are looked for."""
MOST = 64 * 1024 * 1024
"""Bytes of one file, unpacked, that are read: its last ones where it is no gzip."""
LONGEST = 64 * 1024
"""Bytes of a line; what is beyond is another line, and no JSON."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file that a process writes to now."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    def last_lines(self, count: int) -> list[str]:
        """Return its newest lines, oldest first.

        Raises:
            OSError: it may not be read.
        """
        with opened(self.path) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - END))
            found = file.read(END).decode("utf-8", "replace").splitlines()
        # The first one is cut where the file is larger.
        return (found[1:] if size > END else found)[-count:]

    def rotated(self, since: float = 0) -> list[Path]:
        """Return its predecessors that were written since then, the newest first.

        Args:
            since: seconds since 1970.
        """
        pattern = glob.escape(str(self.path))
        found = []
        for name in {*glob.glob(f"{pattern}.*"), *glob.glob(f"{pattern}-*")}:
            try:
                changed = os.stat(name).st_mtime
            except FileNotFoundError:
                continue
            if changed >= since:
                found.append((changed, Path(name)))
        return [path for _, path in sorted(found, reverse=True)]


def lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file; of a larger one than `MOST` those at its end.

    Raises:
        OSError: it may not be read, or is a broken gzip.
    """
    with opened(path) as raw:
        if path.suffix == ".gz":
            with gzip.open(raw) as unpacked:
                try:
                    yield from _lines(cast("BufferedReader", unpacked))
                except (EOFError, zlib.error) as error:
                    raise OSError(0, "is a broken gzip", str(path)) from error
            return
        size = raw.seek(0, os.SEEK_END)
        raw.seek(max(0, size - MOST))
        yield from _lines(raw)


def _lines(file: BinaryIO | BufferedReader) -> Iterator[bytes]:
    read = 0
    while read < MOST and (line := file.readline(LONGEST)):
        read += len(line)
        yield line


def log_files(paths: tuple[str, ...]) -> list[LogFile]:
    """Return the files of these names.

    Raises:
        ProbeError: there are no names.
    """
    if not paths:
        raise ProbeError(
            "no [logs] files in the profile", source="runbook", stage="configuration"
        )
    return [LogFile(Path(path).expanduser()) for path in paths]
