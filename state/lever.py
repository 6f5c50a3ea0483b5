"""The right to change systems in a run: one screen holds it at a time.

It is a lock of the kernel's, so it ends with its holder; what the file says of the
holder is for people to read.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

from runbooks.errors import RefusedError
from state.author import Author, person
from state.locations import cannot, open_file


class Lever:
    """The lever of one run."""

    def __init__(self, path: Path, by: Author) -> None:
        self._path = path
        self._by = by
        self._handle = -1

    @property
    def held(self) -> bool:
        return self._handle >= 0

    def take(self) -> str:
        """Take it; return who held it last, or "".

        Raises:
            RefusedError: somebody holds it, who is named.
            StateError: the file cannot be used.
        """
        try:
            handle = open_file(self._path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise cannot("open", self._path, error) from error
        try:
            before = _read(handle)
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise RefusedError(
                f"Nothing ran: {before or 'another screen'} holds the lever of this "
                "run, and only one may change systems. Talk to them; it is free once "
                "their screen is closed."
            ) from None
        data = json.dumps(self._by.as_data()).encode()
        os.ftruncate(handle, 0)
        os.pwrite(handle, data, 0)
        self._handle = handle
        return before

    def release(self) -> None:
        if self.held:
            os.close(self._handle)
            self._handle = -1


def _read(handle: int) -> str:
    """Return who the file names: person, host and process."""
    try:
        by = json.loads(os.pread(handle, 4096, 0))
        return f"{person(by)} on {by['host']} (process {by['pid']})"
    except (ValueError, KeyError, TypeError):
        return ""
