"""Which snapshots of the media there are.

The layout is that of the target system's ``backup_media.sh``: one directory
``YYYYmmdd_HHMMSS`` for each, a link ``current`` to the newest, and beside them
``checksums_<stamp>.sha256`` with absolute paths.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from runbooks.probes.backups.place import PlaceProbe

CURRENT = "current"
STAMP = "%Y%m%d_%H%M%S"
_NAME = re.compile(r"20\d{6}_\d{6}")


class MediaProbe(PlaceProbe, frozen=True, kw_only=True):
    """Looks at the snapshots of the media.

    Attributes:
        media_directory: holds one directory for each snapshot.
    """

    media_directory: str

    @property
    def place(self) -> str:
        return self.media_directory


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One snapshot; it counts from the time that its name says."""

    path: Path
    taken: float

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def checksums(self) -> Path:
        """The file that says what is in it."""
        return self.path.with_name(f"checksums_{self.name}.sha256")


def snapshots(directory: Path) -> list[Snapshot]:
    """Return the snapshots in *directory*, newest first.

    Raises:
        OSError: the directory may not be read.
    """
    found = []
    with os.scandir(directory) as entries:
        for entry in entries:
            with suppress(ValueError):
                if _NAME.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                    taken = datetime.strptime(entry.name, STAMP).timestamp()
                    found.append(Snapshot(Path(entry.path), taken))
    found.sort(key=lambda snapshot: snapshot.taken, reverse=True)
    return found
