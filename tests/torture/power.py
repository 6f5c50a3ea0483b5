"""A disk that loses power: what was not synced is not there afterwards.

SIGKILL does not show that, since the kernel keeps what was written. So the calls of
this process are watched, and what a disk would hold for certain is kept in step: the
content of a file as of its last sync, and the names in a directory as of its own.
A sync may also be made to fail. Then the kernel forgets what it could not write and
calls the next sync of that file a success: so a file that failed once holds what it
held before, whatever is synced later.
"""

from __future__ import annotations

import errno
import os
import random
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock


class Disk:
    """What is durable of everything under *root*.

    Attributes:
        syncs: how many there were.
        fails: which of them fail, by their number.
        changed: called after every call that may change what is durable or not.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.syncs = 0
        self.fails: Callable[[int], bool] = lambda number: False
        self.changed: Callable[[], None] = lambda: None
        self._content: dict[int, bytes] = {}
        self._names: dict[int, dict[str, int]] = {}
        self._lying: set[int] = set()
        self._paused = False
        self._inode = root.stat().st_ino

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch this process's calls."""
        fsync, replace, open_, unlink = os.fsync, os.replace, os.open, os.unlink
        write, mkdir = os.write, os.mkdir

        def synced(handle: int) -> None:
            if self._paused:
                return fsync(handle)
            self.syncs += 1
            status = os.fstat(handle)
            if self.fails(self.syncs):
                self._lying.add(status.st_ino)
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            fsync(handle)
            self._sync(handle, status)
            self._tell()

        def opened(path, flags, mode=0o777, *, dir_fd=None):  # type: ignore[no-untyped-def]
            new = flags & os.O_CREAT and not os.path.exists(path)
            handle = open_(path, flags, mode, dir_fd=dir_fd)
            if new and not self._paused:
                self._forget(os.fstat(handle).st_ino)
            self._tell()
            return handle

        def made(path, *rest, **more):  # type: ignore[no-untyped-def]
            mkdir(path, *rest, **more)
            if not self._paused:
                self._forget(os.stat(path).st_ino)

        def told(call):  # type: ignore[no-untyped-def]
            def calls(*arguments, **more):  # type: ignore[no-untyped-def]
                got = call(*arguments, **more)
                self._tell()
                return got

            return calls

        with (
            mock.patch.object(os, "fsync", synced),
            mock.patch.object(os, "open", opened),
            mock.patch.object(os, "mkdir", made),
            mock.patch.object(os, "replace", told(replace)),
            mock.patch.object(os, "unlink", told(unlink)),
            mock.patch.object(os, "write", told(write)),
        ):
            yield

    def _forget(self, inode: int) -> None:
        """An inode is used anew."""
        self._content.pop(inode, None)
        self._names.pop(inode, None)
        self._lying.discard(inode)

    def _sync(self, handle: int, status: os.stat_result) -> None:
        inode = status.st_ino
        if stat.S_ISDIR(status.st_mode):
            with os.scandir(handle) as entries:
                self._names[inode] = {each.name: each.inode() for each in entries}
        elif inode not in self._lying:
            self._content[inode] = _whole(handle, status.st_size)

    def _tell(self) -> None:
        if not self._paused:
            self.changed()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let calls pass: they are about another disk."""
        self._paused = True
        try:
            yield
        finally:
            self._paused = False

    def cut(self, into: Path, rng: random.Random) -> None:
        """Make *into* what is there when the power comes back.

        Of what was not synced anything may be there by chance: old, new, or torn.
        """
        into.mkdir()
        self._restore(self._inode, self.root, into, rng)

    def _restore(self, inode: int, live: Path, into: Path, rng: random.Random) -> None:
        for name, child in self._names.get(inode, {}).items():
            now = _find(live, name, child)
            if child in self._names or (now and now.is_dir()):
                (into / name).mkdir()
                self._restore(child, live / name, into / name, rng)
                continue
            durable = self._content.get(child, b"")
            newer = now.read_bytes() if now and child not in self._lying else durable
            if newer.startswith(durable):
                durable = newer[: rng.randint(len(durable), len(newer))]
            elif rng.random() < 0.5:
                durable = newer
            (into / name).write_bytes(durable)


def _whole(handle: int, size: int) -> bytes:
    path = f"/proc/self/fd/{handle}"
    return Path(path).read_bytes()[:size]


def _find(live: Path, name: str, inode: int) -> Path | None:
    """Return the path in *live* of this inode, which may have another name by now."""
    for path in (live / name, *live.glob("*"), *live.glob(".*")):
        try:
            if path.stat().st_ino == inode:
                return path
        except OSError:
            continue
    return None
