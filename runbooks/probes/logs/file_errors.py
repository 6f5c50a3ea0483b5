"""Probe of the errors in log files."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from runbooks.durations import seconds
from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Measurement, Probe
from runbooks.probes.logs.groups import HOUR, NAMING, READINGS, Tally, hours, judged
from runbooks.probes.logs.local import MOST, lines, log_files
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread


class FileErrorsProbe(Probe, frozen=True, kw_only=True):
    """Counts errors and warnings in log files by logger and type of exception.

    Source: the JSON lines of the files and of their rotated predecessors
    (``api.log.1``, ``api.log.2.gz``, ``api.log-20250102.gz``) with a ``timestamp``
    in the time asked for. Of each file the last 64 MiB are read. Other lines have
    no level and no time, and are not counted.

    Readings:
        lines: those with a level.
        errors: lines at ERROR or above.
        warnings: lines at WARNING.
        share: of the lines that are errors.
        groups: of errors.
        top: the largest groups of errors, with their counts.
        new: groups of errors that were not there before the window.
        new_warnings: groups of warnings that were not.
        new_rate: errors of new groups in the hour that had most.

    Attributes:
        files: their paths.
        window: the time, back from now; counted in whole hours.
        before: the time before it, in which a group has to have been for it not to
            be new.

    Raises:
        ProbeError: a file is not there or may not be read.
    """

    files: tuple[str, ...]
    window: Duration = Duration(seconds("24h"))
    before: Duration = Duration(seconds("7d"))
    timeout: Duration = Duration(20)

    table: ClassVar[str] = "logs"
    readings: ClassVar[Mapping[str, str]] = READINGS
    naming: ClassVar[frozenset[str]] = NAMING

    @property
    def source(self) -> str:
        return "log files"

    async def measure(self, sources: Sources) -> Measurement:
        back = hours(self.window, self.before)
        tally = await sources.once(
            ("log files", self.files, back),
            lambda: in_thread(lambda: self._count(back), "log files"),
        )
        return judged(tally, self.window)

    def _count(self, back: int) -> Tally:
        now = time.time()
        tally = Tally()
        for file in log_files(self.files):
            for path in (file.path, *file.rotated(now - back * HOUR)):
                try:
                    _count(path, now, back, tally)
                except OSError as error:
                    said = f"{path}: {error.strerror or error}"
                    raise ProbeError(said, source=self.source, stage="query") from error
        return tally


def _count(path: Path, now: float, back: int, tally: Tally) -> None:
    """Count the lines of the last hours in one file."""
    if path.suffix != ".gz" and path.stat().st_size > MOST:
        tally.notes.append(f"{path}: only the last {MOST // 2**20} MiB were read")
    for text in lines(path):
        tally.take(text, now, back)
