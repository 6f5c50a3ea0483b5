"""Space kept back, so that a full disk does not keep out what must be written last.

That is how running commands and actions ended, the closing of the run with what waits
in memory until then, and progress.toml.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from runbooks.errors import StateError
from state.locations import open_file

SIZE = 64 * 1024
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Reserve:
    """The file of the reserve, of which only the space matters."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self) -> bool:
        """Take the space where it is not taken yet; return whether it is."""
        try:
            if self._path.stat().st_size == SIZE:
                return True
        except OSError:
            pass
        try:
            handle = open_file(self._path, os.O_RDWR | os.O_CREAT)
        except OSError:
            return False
        try:
            os.posix_fallocate(handle, 0, SIZE)
            return True
        except OSError:
            self.give()
            return False
        finally:
            os.close(handle)

    def give(self) -> bool:
        """Give the space back; return whether there was some."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def frees(self, error: StateError) -> bool:
        """Give the space back where *error* is about space; return whether it helps."""
        cause = error.__cause__
        return isinstance(cause, OSError) and cause.errno in _FULL and self.give()

    def missing(self) -> int:
        """Return how many bytes the disk lacks for the reserve, 0 for none."""
        with suppress(OSError):
            disk = os.statvfs(self._path.parent)
            return max(0, SIZE - disk.f_bavail * disk.f_frsize)
        return 0
