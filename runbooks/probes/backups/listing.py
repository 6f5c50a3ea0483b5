"""Which dumps there are, and when each was written.

The layout is that of the target system's ``backup_db.sh``: below one directory,
``daily``, ``weekly`` and ``monthly`` hold ``transcripts_<class>_<stamp>.sql.gz`` with
a ``.sha256`` beside each. Dumps that lie in the directory itself count too.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from runbooks.probes.backups.place import PlaceProbe, files
from runbooks.results import Reading

CLASSES = ("daily", "weekly", "monthly")
CHECKSUM = ".sha256"
_BESIDE = (CHECKSUM, ".sha512", ".md5", ".sig", ".asc", ".log", ".tmp", ".part")
"""Endings of what lies beside a dump, or is none yet."""
_STAMP = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[T_-]?(\d\d)[:-]?(\d\d)[:-]?(\d\d))?(?!\d)"
)
_DAY = 86_400.0
_ZONES = 14 * 3600.0
"""Seconds by which clocks of two time zones may differ, as names say no zone."""
_SETTLED = 120.0
"""Seconds without a change after which a dump without a checksum is finished."""


class DumpsProbe(PlaceProbe, frozen=True, kw_only=True):
    """Looks at the dumps of a database.

    Attributes:
        directory: holds the dumps, or ``daily``, ``weekly`` and ``monthly`` with them.
        pattern: of their names; may hold ``*``, ``?`` and ``[…]``.
    """

    directory: str
    pattern: str = "transcripts_*"

    @property
    def place(self) -> str:
        return self.directory


@dataclass(frozen=True, slots=True)
class Dump:
    """One dump.

    Attributes:
        kind: ``daily``, ``weekly``, ``monthly``, or "" outside of them.
        stamp: the time that its name says, without a zone.
        changed: when it was last changed, in seconds since 1970.
        inode: device and number; another file under the same name has another one.
    """

    path: Path
    kind: str
    stamp: datetime | None
    size: int
    changed: float
    inode: tuple[int, int]

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def written(self) -> float:
        """When it was made, in seconds since 1970.

        A copy gets a new time of change, a file touched by accident too: where that
        and the name are further apart than time zones are, the earlier one counts.
        """
        if self.stamp is None:
            return self.changed
        said = self.stamp.timestamp()
        if abs(self.changed - said) <= _ZONES:
            return self.changed
        return min(self.changed, said)

    @property
    def day(self) -> datetime:
        """Midnight of the day that it stands for."""
        when = self.stamp or datetime.fromtimestamp(self.changed)
        return when.replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Listing:
    """The dumps of a directory.

    Attributes:
        dumps: newest first.
        growing: those that are still being written.
        ahead: those that claim to be made in the future.
    """

    dumps: tuple[Dump, ...]
    growing: tuple[Dump, ...]
    ahead: tuple[Dump, ...]

    @property
    def notes(self) -> list[str]:
        """What is to be said of those that do not count."""
        said = [f"{each.name} is still being written" for each in self.growing]
        said += [f"{each.name} claims to be made in the future" for each in self.ahead]
        return said[:5]

    def age(self) -> Reading:
        """Since the newest was made, whatever is in it."""
        if not self.dumps:
            return Reading("age", None, "s")
        return Reading("age", max(0.0, time.time() - self.dumps[0].written), "s")


def listed(directory: Path, pattern: str) -> Listing:
    """Return the dumps in *directory* and below its classes.

    Raises:
        OSError: a directory may not be read.
        ProbeError: there are too many.
    """
    now = time.time()
    found: list[Dump] = []
    growing: list[Dump] = []
    ahead: list[Dump] = []
    for kind in ("", *CLASSES):
        sums = (f"{pattern}{CHECKSUM}", f"*{CHECKSUM}")
        below = list(files(directory / kind, (pattern, *sums)))
        finished = {
            path.name.removesuffix(CHECKSUM)
            for path, _ in below
            if path.suffix == CHECKSUM
        }
        for path, seen in below:
            if path.name.endswith(_BESIDE):
                continue
            inode = (seen.st_dev, seen.st_ino)
            stamp = _stamp(path.name)
            dump = Dump(path, kind, stamp, seen.st_size, seen.st_mtime, inode)
            if dump.written > now + _DAY:
                ahead.append(dump)
            elif 0 <= now - dump.changed < _SETTLED and path.name not in finished:
                growing.append(dump)
            else:
                found.append(dump)
    found.sort(key=lambda dump: (dump.written, dump.name), reverse=True)
    return Listing(tuple(found), tuple(growing), tuple(ahead))


def _stamp(name: str) -> datetime | None:
    match = _STAMP.search(name)
    if not match:
        return None
    try:
        return datetime(*(int(part or 0) for part in match.groups()))  # type: ignore[arg-type]
    except ValueError:
        return None
