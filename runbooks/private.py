"""Files that only their owner or their group may read, there whole or not at all.

Standard library only: the supervisor imports this too, and must start fast.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress


def is_shared(directory: str | os.PathLike[str]) -> bool:
    """Whether *directory* was prepared for a group: setgid and group-writable."""
    try:
        mode = os.stat(directory).st_mode
    except OSError:
        return False
    return bool(mode & stat.S_ISGID and mode & stat.S_IWGRP)


def create(path: str) -> int:
    """Make the new file *path*, 0600 whatever the umask is; return its descriptor.

    Raises:
        FileExistsError: it is there already.
    """
    return _create(path, 0o600)


def create_kept(path: str) -> int:
    """Make the new file *path* for whoever may see its directory; as `create` else.

    Raises:
        FileExistsError: it is there already.
    """
    return _create(path, 0o660 if is_shared(os.path.dirname(path)) else 0o600)


def _create(path: str, mode: int) -> int:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    os.fchmod(file, mode)
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
