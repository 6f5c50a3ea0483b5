"""Probe of how the last run of a script ended, by its log."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from runbooks.probes.backups.place import PlaceProbe, files
from runbooks.probes.base import Measurement, measured
from runbooks.probes.regular_file import opened
from runbooks.results import Reading

_READ = 256 * 1024
"""Bytes of the end of a log that are looked at."""
_LINE = 160
"""Characters of a line that evidence tells."""


class LogsProbe(PlaceProbe, frozen=True, kw_only=True):
    """Measures how the newest log of a backup script ended.

    Of the target system: ``logs/backup_YYYYmmdd.log``, ``logs/verify_*.log`` and
    ``logs/media_backup_*.log``. Whole lines are never told: these scripts write the
    database's password into their logs.

    Readings:
        age: since the newest log was written, in seconds; absent without any.
        name: of that log.
        success: whether one of its last lines says that all went well.
        errors: how many of its lines say ``ERROR`` or ``FATAL``.

    Attributes:
        directory: holds ``logs``.
        log: pattern of its name; may hold ``*``, ``?`` and ``[…]``.
        ending: a regular expression that the line of success matches.

    Raises:
        ProbeError: the directory or log may not be read.
    """

    directory: str
    log: str = "backup_*.log"
    ending: str = "Completed Successfully"

    readings: ClassVar[Mapping[str, str]] = {
        "age": "s",
        **dict.fromkeys(("name", "success", "errors"), ""),
    }
    naming: ClassVar[frozenset[str]] = frozenset({"name"})

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        try:
            re.compile(parameters.get("ending", ""))
        except re.error as error:
            return [f"ending: {error}; write a regular expression"]
        return super().complaints(parameters)

    @property
    def place(self) -> str:
        return self.directory

    @property
    def thing(self) -> str:
        return f"{self.source} {self.log}"

    def look_at(self, directory: Path, end: float) -> Measurement:
        logs = list(files(directory / "logs", (self.log,)))
        if not logs:
            absent = (Reading(name, None, unit) for name, unit in self.readings.items())
            return measured(f"no log {self.log} in {directory}/logs", *absent)
        path, seen = max(logs, key=lambda log: log[1].st_mtime)
        with opened(path) as file:
            file.seek(max(0, seen.st_size - _READ))
            lines = file.read(_READ).decode("utf-8", "replace").splitlines()
        success = any(re.search(self.ending, line[-_LINE:]) for line in lines[-3:])
        errors = sum(bool(re.search(r"\b(ERROR|FATAL)\b", line)) for line in lines)
        return measured(
            f"{path}: "
            + ("ended well" if success else "does not say that it ended well")
            + (f", {errors} lines with ERROR" if errors else ""),
            Reading("age", max(0.0, time.time() - seen.st_mtime), "s"),
            Reading("name", path.name),
            Reading("success", success),
            Reading("errors", errors),
        )
