"""Files that only their owner may read, and that are there whole or not at all.

Standard library only: the supervisor imports this too, and must start fast.
"""

from __future__ import annotations

import os
from contextlib import suppress


def create(path: str) -> int:
    """Make the new file *path*, 0600 whatever the umask is; return its descriptor.

    Raises:
        FileExistsError: it is there already.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    os.fchmod(file, 0o600)
    return file


def settle(file: int, data: bytes, new: str, path: str) -> None:
    """Make *data* the whole of *file*, made as *new*, and durably call it *path*.

    The descriptor is closed.
    """
    os.ftruncate(file, len(data))
    os.pwrite(file, data, 0)
    os.fsync(file)
    os.close(file)
    os.rename(new, path)
    directory = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(directory)
    os.close(directory)


def remove(path: str) -> None:
    """Remove *path* if it is there."""
    with suppress(FileNotFoundError):
        os.unlink(path)
