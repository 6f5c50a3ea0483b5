"""One writer at a time, between processes and between threads of one.

flock on a file of its own: a lock on a replaced file protects nothing, and
lockf is lost as soon as any descriptor of the file is closed.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from state.locations import cannot, open_file


class Lock:
    """A lock file, held only inside ``with``.

    Raises (on entering):
        StateError: the lock file cannot be opened or locked.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._handle = -1

    def __enter__(self) -> None:
        self._threads.acquire()
        try:
            if self._handle < 0:
                self._handle = open_file(self._path, os.O_RDWR | os.O_CREAT)
            fcntl.flock(self._handle, fcntl.LOCK_EX)
        except OSError as error:
            self._threads.release()
            raise cannot("lock", self._path, error) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_UN)
        except OSError:
            self._drop()  # which gives it back as well
        finally:
            self._threads.release()

    def close(self) -> None:
        """Give the descriptor back; entering again opens it anew."""
        with self._threads:
            self._drop()

    def _drop(self) -> None:
        if self._handle >= 0:
            handle, self._handle = self._handle, -1
            with suppress(OSError):  # it is gone all the same
                os.close(handle)

    def __del__(self) -> None:
        # A run that nobody has closed, for example because it could not be opened.
        self._drop()


@contextmanager
def try_lock(path: Path) -> Iterator[Callable[[], bool]]:
    """Yield what takes the lock if nobody else has it, and says whether it is ours.

    Once taken it is kept until the end, which also is the end of the process.

    Raises:
        StateError: the lock file cannot be opened.
    """
    try:
        handle = open_file(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise cannot("lock", path, error) from error

    def ours() -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    try:
        yield ours
    finally:
        os.close(handle)
