"""Faults of the backups: dumps that were not made, and one that is broken."""

from __future__ import annotations

import os
from pathlib import Path

from runbooks.rehearsal.deployment import Deployment
from runbooks.rehearsal.faults.fault import Fault

NIGHTS = 2
"""In which no dump was made, so that the newest one is older than a day in any case."""


def lose_nights(deployment: Deployment, kept: Path) -> None:
    """Take away the newest dumps, their checksums and logs."""
    root = deployment.layout.path("backups")
    for dump in _dumps(root)[-NIGHTS:]:
        log = f"backup_{_stamp(dump).partition('_')[0]}.log"
        for file in (dump, dump.with_name(f"{dump.name}.sha256"), root / "logs" / log):
            _move(file, root, kept)


def truncate(deployment: Deployment, kept: Path) -> None:
    """Leave half of the newest dump, as a full disk or a killed gzip does."""
    root = deployment.layout.path("backups")
    dump = _dumps(root)[-1]
    seen = dump.stat()
    half = dump.read_bytes()[: seen.st_size // 2]
    _move(dump, root, kept)
    dump.write_bytes(half)
    os.utime(dump, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def give_back(deployment: Deployment, kept: Path) -> None:
    """Put every file back to where it was."""
    for file in kept.rglob("*"):
        if file.is_file():
            _move(file, kept, deployment.layout.path("backups"))


def _dumps(root: Path) -> list[Path]:
    return sorted(root.glob("*ly/*.sql.gz"), key=_stamp)


def _stamp(dump: Path) -> str:
    """Return when it was made, as its name says: ``transcripts_daily_DATE_TIME``."""
    return dump.name.split("_", 2)[2]


def _move(file: Path, from_: Path, to: Path) -> None:
    place = to / file.relative_to(from_)
    place.parent.mkdir(exist_ok=True)
    file.rename(place)


FAULTS = (
    Fault(
        "backup-stale",
        f"No dump was made in the last {NIGHTS} nights.",
        "backups",
        lose_nights,
        give_back,
    ),
    Fault(
        "backup-truncated",
        "The newest dump is cut off in the middle.",
        "backups",
        truncate,
        give_back,
    ),
)
