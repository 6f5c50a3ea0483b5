"""Probe of what keeps log files from growing without end."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, Probe, measured
from runbooks.probes.logs.local import LogFile, log_files
from runbooks.probes.logs.logrotate import Rule, rules
from runbooks.probes.regular_file import opened
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread
from runbooks.results import Reading

LARGEST = 1024 * 1024
"""Bytes of a configuration."""


class RotationProbe(Probe, frozen=True, kw_only=True):
    """Measures how long log files are kept, as logrotate is told.

    Source: logrotate's configuration (logrotate(8)); the files themselves.

    Readings:
        unlimited: files that no rule names, or whose rule keeps every old one.
        shortest, longest: how long the lines of a file are kept, in days; absent
            where rules limit only the size.
        rotated: old files that there are.
        size: of the files and the old ones together, in bytes.

    Attributes:
        files: their paths.
        logrotate: patterns of the files that hold its configuration.

    Raises:
        ProbeError: the configuration may not be read.
    """

    files: tuple[str, ...]
    logrotate: tuple[str, ...] = ("/etc/logrotate.conf", "/etc/logrotate.d/*")

    table: ClassVar[str] = "logs"
    readings: ClassVar[Mapping[str, str]] = {
        "unlimited": "",
        "shortest": "d",
        "longest": "d",
        "rotated": "",
        "size": "B",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"unlimited"})

    @property
    def source(self) -> str:
        return "log files"

    async def measure(self, sources: Sources) -> Measurement:
        return await in_thread(self._look, "log files")

    def _look(self) -> Measurement:
        known = rules(self._configurations())
        unlimited, days, said = [], [], []
        count = size = 0
        for file in log_files(self.files):
            rotated = file.rotated()
            count += len(rotated)
            size += sum(map(_size, (file.path, *rotated)))
            rule = _last(known, file)
            if rule is None or not rule.limits:
                unlimited.append(file.name)
            elif rule.days is not None:
                days.append(rule.days)
            said.append(f"{file.path}: {rule or 'no rule'}, {len(rotated)} old files")
        return measured(
            "\n".join(said),
            Reading("unlimited", ", ".join(unlimited) or None),
            Reading("shortest", min(days, default=None), "d"),
            Reading("longest", max(days, default=None), "d"),
            Reading("rotated", count),
            Reading("size", size, "B"),
        )

    def _configurations(self) -> list[str]:
        found = []
        for pattern in self.logrotate:
            for name in sorted(glob.glob(str(Path(pattern).expanduser()))):
                try:
                    with opened(Path(name)) as file:
                        found.append(file.read(LARGEST).decode("utf-8", "replace"))
                except OSError as error:
                    said = f"{name}: {error.strerror}"
                    raise ProbeError(said, source=f"file {name}") from error
        return found


def _last(known: list[Rule], file: LogFile) -> Rule | None:
    """Return the rule for a file; logrotate refuses a second one."""
    return next((rule for rule in known if rule.covers(file.path)), None)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
