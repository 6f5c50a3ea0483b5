"""Probe of the reports of restore drills."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import msgspec

from runbooks.errors import ProbeError
from runbooks.probes.backups.place import PlaceProbe, files
from runbooks.probes.base import Measurement, measured
from runbooks.probes.regular_file import opened
from runbooks.quantities import shown
from runbooks.results import Reading

_LARGEST = 2**20
"""Bytes of a report."""
_TOLD = 5
"""Drills that evidence tells."""


class Report(msgspec.Struct, frozen=True):
    """What a report says; it may say more.

    Attributes:
        kind: ``restore`` of a dump, ``pitr`` to a point in time, ``failover``, ….
        date: when the drill ended, ISO 8601; without a zone it is UTC.
        seconds: how long it took.
        result: ``pass`` or anything else.
    """

    kind: str
    date: datetime
    seconds: float
    result: str
    by: str = ""
    dump: str = ""

    @property
    def when(self) -> datetime:
        return self.date if self.date.tzinfo else self.date.replace(tzinfo=UTC)


class DrillsProbe(PlaceProbe, frozen=True, kw_only=True):
    """Measures when a restore was last rehearsed, how long it took, how it ended.

    Each drill leaves one JSON file, such as ``{"kind": "restore", "date":
    "2026-11-20T09:30:00Z", "seconds": 412, "result": "pass", "by": "ada"}``.

    Readings:
        count: how many drills of that kind there are.
        age: since the last one that succeeded ended, in seconds; absent without any.
        seconds: how long that one took.
        by: who made it.
        failed: how many failed since then.
        result: how the last one ended.

    Attributes:
        drills_directory: holds the reports, ``*.json``.
        kinds: which drills count; all without any.

    Raises:
        ProbeError: directory or report may not be read, or a report is none.
    """

    drills_directory: str
    kinds: tuple[str, ...] = ()

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("age", "seconds"), "s"),
        **dict.fromkeys(("count", "by", "failed", "result"), ""),
    }
    naming: ClassVar[frozenset[str]] = frozenset({"by"})

    @property
    def place(self) -> str:
        return self.drills_directory

    def look_at(self, directory: Path, end: float) -> Measurement:
        reports = [_read(path) for path, _ in files(directory, ("*.json",))]
        drills = [each for each in reports if not self.kinds or each.kind in self.kinds]
        ended = [each for each in drills if each.when.timestamp() <= time.time()]
        ended.sort(key=lambda each: each.when, reverse=True)
        good = next((each for each in ended if each.result == "pass"), None)
        failed = ended.index(good) if good else len(ended)
        age = time.time() - good.when.timestamp() if good else None
        return measured(
            "\n".join(map(_line, ended[:_TOLD])) or f"no drill in {directory}",
            Reading("count", len(ended)),
            Reading("age", age, "s"),
            Reading("seconds", good.seconds if good else None, "s"),
            Reading("by", (good.by or None) if good else None),
            Reading("failed", failed),
            Reading("result", ended[0].result if ended else None),
        )


def _read(path: Path) -> Report:
    with opened(path) as file:
        text = file.read(_LARGEST)
    try:
        return msgspec.json.decode(text, type=Report)
    except msgspec.DecodeError as error:
        raise ProbeError(f"{path} is no report of a drill: {error}") from error


def _line(report: Report) -> str:
    took = shown(Reading("", report.seconds, "s"))
    by = f" by {report.by}" if report.by else ""
    of = f" of {report.dump}" if report.dump else ""
    return (
        f"{report.when:%Y-%m-%d %H:%M} {report.kind}{of}: {report.result} in {took}{by}"
    )
