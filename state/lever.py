"""The right to change systems in a run: one screen holds it at a time.

It is a lock of the kernel's, so it ends with its holder whatever becomes of them;
what the file says of the holder is for people to read. A holder who gives it back
empties the file, so one who is still named there without the lock died with it.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runbooks.errors import RefusedError
from state.author import Author, person
from state.locations import cannot, open_file

TRIES = 5
"""Times that taking is tried: a look at who holds it has the lock for an instant."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lever, or died with it.

    Attributes:
        by: ``user``, ``sudo_user``, ``host``, ``pid``, as in events.
        since: when it was taken, ISO 8601, or "".
        alive: whether it is held at this moment.
    """

    by: Mapping[str, Any]
    since: str
    alive: bool

    def __str__(self) -> str:
        where = f"on {self.by.get('host', '?')}"
        return f"{person(self.by)} {where} (process {self.by.get('pid', '?')})"

    def is_person(self, by: Author) -> bool:
        """Whether it is, or was, another screen of the same person on this host."""
        mine = by.as_data()
        return all(
            self.by.get(key) == mine[key] for key in ("user", "sudo_user", "host")
        )

    @property
    def at(self) -> str:
        """`` since 02:14Z``, or "" where nobody knows."""
        with suppress(ValueError):
            return f" since {datetime.fromisoformat(self.since).astimezone(UTC):%H:%MZ}"
        return ""


class LeverHeld(RefusedError):
    """Somebody who lives holds it."""


class Lever:
    """The lever of one run."""

    def __init__(self, path: Path, by: Author) -> None:
        self._path = path
        self._by = by
        self._handle = -1

    @property
    def held(self) -> bool:
        """Whether it is ours."""
        return self._handle >= 0

    def holder(self) -> Holder | None:
        """Return who holds it, we ourselves included, or died with it.

        Raises:
            StateError: the file cannot be used.
        """
        if self.held:
            return _read(self._handle, alive=True)
        try:
            handle = open_file(self._path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise cannot("open", self._path, error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(handle, alive=True) or Holder({}, "", alive=True)
        except OSError as error:
            raise cannot("lock", self._path, error) from error
        else:
            return _read(handle, alive=False)
        finally:
            os.close(handle)

    def refuse(self) -> None:
        """Refuse where `take` would.

        Raises:
            RefusedError: as there.
            StateError: the file cannot be used.
        """
        if not self.held and (holder := self.holder()):
            self._refuse(holder)

    def take(self, over: bool = False) -> Holder | None:
        """Take it; return who died with it, None where it was free.

        Args:
            over: a person said to take it over from somebody else who died.

        Raises:
            LeverHeld: somebody holds it, who is named.
            RefusedError: somebody else died with it, and nobody said to take it over.
            StateError: the file cannot be used.
        """
        try:
            handle = open_file(self._path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise cannot("open", self._path, error) from error
        try:
            if not _locked(handle):
                self._refuse(_read(handle, alive=True) or Holder({}, "", alive=True))
            before = _read(handle, alive=False)
            if before and not over:
                self._refuse(before)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            data = json.dumps({**self._by.as_data(), "since": now}).encode()
            os.ftruncate(handle, 0)
            os.pwrite(handle, data, 0)
        except OSError as error:
            os.close(handle)
            raise cannot("lock", self._path, error) from error
        except RefusedError:
            os.close(handle)
            raise
        self._handle = handle
        return before

    def _refuse(self, holder: Holder) -> None:
        """Refuse to take it from *holder*, unless that is a dead screen of our own."""
        if holder.alive:
            raise LeverHeld(
                f"Nothing ran: {holder} holds the lever of this run{holder.at}, and "
                "only one may change systems. Talk to them; C takes it over."
            )
        if not holder.is_person(self._by):
            raise RefusedError(
                f"Nothing ran: {holder} had the lever of this run{holder.at} and is "
                "gone without giving it back. C takes it over."
            )

    def release(self) -> None:
        """Give it back, so that anybody may take it."""
        if self.held:
            with suppress(OSError):  # they are told that we died with it, then
                os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = -1


def _locked(handle: int) -> bool:
    """Lock *handle*, unless somebody holds it for longer than a look takes."""
    for _ in range(TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.01)
    return False


def _read(handle: int, *, alive: bool) -> Holder | None:
    """Return who the file names, None where it names nobody."""
    try:
        by = json.loads(os.pread(handle, 4096, 0))
        return Holder(by, str(by.get("since", "")), alive)
    except (ValueError, AttributeError):
        return None
