"""What probes of a directory with backups have in common."""

from __future__ import annotations

import fnmatch
import os
import stat
import time
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, Probe
from runbooks.probes.file_names import legible_error, legible_measurement
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread

MOST = 100_000
"""Matching files; beyond that no retention has ever worked here."""
_SHARE = 0.9
"""Part of the budget after which a thread stops by itself and tells how far it came."""


class PlaceProbe(Probe, frozen=True, kw_only=True):
    """Looks at a directory of this machine, in a thread of its own."""

    table: ClassVar[str] = "backups"

    @property
    @abstractmethod
    def place(self) -> str:
        """The directory that is looked at."""

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        return [
            f"{name}: {value!r} is not absolute; begin it with /, ~ or ${{…}}"
            for name, value in parameters.items()
            if name.endswith("directory")
            and value
            and not str(value).startswith(("/", "~", "${"))
        ]

    @property
    def source(self) -> str:
        return f"files {self.place}"

    async def measure(self, sources: Sources) -> Measurement:
        sources.asked(self.source)
        end = time.monotonic() + _SHARE * self.timeout
        try:
            return legible_measurement(
                await in_thread(lambda: self._told(end), self.source)
            )
        except ProbeError as error:
            raise legible_error(error) from error

    @abstractmethod
    def look_at(self, directory: Path, end: float) -> Measurement:
        """Look, until *end* of the monotonic clock at most.

        Raises:
            OSError: something may not be read.
            ProbeError: nobody could look.
        """

    def _told(self, end: float) -> Measurement:
        directory = Path(os.path.expanduser(self.place))
        try:
            if not directory.is_dir():
                raise ProbeError(
                    f"the directory {directory} is not there, so nothing can be said"
                    " of what it holds",
                    stage="configuration",
                )
            return self.look_at(directory, end)
        except OSError as error:
            raise unreadable(error) from error


def unreadable(error: OSError) -> ProbeError:
    """Return what says that a file or directory may not be read."""
    stage = "login" if isinstance(error, PermissionError) else "query"
    return ProbeError(f"{error.filename}: {error.strerror}", stage=stage)


def files(
    directory: Path, patterns: tuple[str, ...] = ("*",)
) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the regular files of *directory* whose names match; none if it is none.

    Links to nothing, loops of links and what vanishes meanwhile are left out.

    Raises:
        OSError: the directory may not be read.
        ProbeError: there are more than `MOST`.
    """
    count = 0
    with (
        suppress(FileNotFoundError, NotADirectoryError),
        os.scandir(directory) as found,
    ):
        for entry in found:
            if not any(fnmatch.fnmatchcase(entry.name, each) for each in patterns):
                continue
            try:
                seen = entry.stat()
            except OSError:
                continue
            if not stat.S_ISREG(seen.st_mode):
                continue
            count += 1
            if count > MOST:
                said = f"more than {MOST} files in {directory}; nothing is pruned there"
                raise ProbeError(said, stage="query")
            yield Path(entry.path), seen
