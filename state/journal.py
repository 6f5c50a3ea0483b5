"""The journal: every event of a run, one JSON line each, append-only.

A line is acknowledged only once it is synced. Each line names the sha256 of the
line before it. A line that a crash left torn is not part of the chain: the next
event starts on a line of its own and links to the last whole one, which is also
how a torn line (never acknowledged) is told from a damaged one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from runbooks.errors import NewerState, StateError
from runbooks.events import Event, Kind
from state.lines import decoded, encoded
from state.locations import (
    cannot,
    open_file,
    replace_file,
    sweep,
    sync_directory,
    write_all,
)
from state.lock import Lock


@dataclass(frozen=True, slots=True)
class Damage:
    """Lines of the journal that were once written and cannot be read any more.

    Attributes:
        after: sequence number of the last event before them.
    """

    after: int

    def __str__(self) -> str:
        return (
            f"The journal is damaged after event {self.after}: something was changed "
            "or lost there. What can still be read counts."
        )


class Journal:
    """Reads and appends the events of one run; safe between processes.

    Args:
        lock: held for each append; None for somebody who only reads.

    Attributes:
        seq: sequence number of the last event read or written.
        head: sha256 of its line.
        damage: what could not be read, in the order of the file.
    """

    def __init__(self, path: Path, lock: Lock | None) -> None:
        self.path = path
        self.seq = 0
        self.head = ""
        self.damage: list[Damage] = []
        self._lock = lock
        self._known = (0, "")
        self._settled = False  # nothing is left over, and the name is durable
        self._handle = -1
        self._inode = 0
        self._offset = 0  # what has been read; always the beginning of a line
        self._suspect = False  # a sync failed: this inode may lie

    def read_new(self) -> list[Event]:
        """Return the events that were written since the last look, by anyone.

        A line that is being written is waited for: it may yet be taken back.

        Raises:
            StateError: the journal cannot be read.
            NewerState: a newer gonogo wrote to it.
        """
        try:
            if not self.path.exists():
                return []
            self._follow()
            if os.fstat(self._handle).st_size == self._offset:
                return []
            with self._lock or nullcontext():
                return list(self._read())
        except OSError as error:
            raise cannot("read", self.path, error) from error

    def know(self, event: tuple[int, str]) -> None:
        """Hold what is read against an event and the sha256 of its line.

        An older file knows of the event alone: then the sha256 is "".
        """
        self._known = event

    def lost(self) -> list[Damage]:
        """Return what is damaged or missing, once all of it is read."""
        ends_early = self.seq < self._known[0]
        return [*self.damage, *([Damage(self.seq)] if ends_early else [])]

    def append(
        self,
        by: Mapping[str, Any],
        kind: Kind,
        step: str | None,
        data: Mapping[str, Any],
    ) -> list[Event]:
        """Write an event down; it is durable once this returns.

        Returns:
            The new event last, before it what other writers added meanwhile.

        Raises:
            StateError: it was not written; trying again later is safe.
        """
        assert self._lock is not None
        with self._lock:
            try:
                self._follow()
                self._settle()
                if self._suspect:
                    self._renew()
                events = list(self._read())
                line = encoded(self.seq + 1, by, kind, step, data, self.head)
                self._write(line)
            except OSError as error:
                raise cannot("write", self.path, error) from error
            events += self._read()
        return events

    def _follow(self) -> None:
        """Open the file, anew where another writer has replaced it."""
        there = self.path.exists()
        if self._handle >= 0:
            if there and os.stat(self.path).st_ino == self._inode:
                return
            if not there and self.seq:
                self._copy()  # somebody removed it; what we have open is all of it
        self._drop()
        writing = os.O_RDWR | os.O_APPEND | os.O_CREAT
        self._handle = open_file(self.path, writing if self._lock else os.O_RDONLY)
        self._inode = os.fstat(self._handle).st_ino
        self._settled = False

    def _settle(self) -> None:
        """Make the file's name durable, whoever made it, before it holds an event."""
        if not self._settled:
            sweep(self.path)
            sync_directory(self.path.parent)
            self._settled = True

    def _read(self) -> Iterator[Event]:
        size = os.fstat(self._handle).st_size
        if size < self._offset:
            raise StateError(
                f"{self.path} was cut by another program while it was open; leave the "
                "run and open it again."
            )
        data = bytearray()
        while len(data) < size - self._offset:
            part = os.pread(self._handle, 1 << 24, self._offset + len(data))
            if not part:
                break
            data += part
        end = data.rfind(b"\n") + 1  # what follows is torn, or still being written
        self._offset += end
        for raw in bytes(data[:end]).split(b"\n")[:-1]:
            if raw:
                event = self._event(raw)
                if event is not None:
                    yield event

    def _event(self, raw: bytes) -> Event | None:
        try:
            event = decoded(raw)
        except NewerState as error:
            raise NewerState(f"{self.path}: {error}") from error
        if event is None:
            return None
        if event.prev != self.head:
            self.damage.append(Damage(self.seq))
        self.seq, self.head = event.seq, sha256(raw).hexdigest()
        if self.seq == self._known[0] and self._known[1] not in ("", self.head):
            self.damage.append(Damage(self.seq - 1))
        return event

    def _write(self, line: bytes) -> None:
        size = os.fstat(self._handle).st_size
        torn = size > self._offset
        try:
            write_all(self._handle, b"\n" * torn + line + b"\n")
        except OSError:
            self._cut(size)
            raise
        try:
            os.fsync(self._handle)
        except OSError:
            # The kernel may have dropped the pages and would report success next
            # time, so neither this line nor this inode is used again.
            self._suspect = True
            self._cut(size)
            raise

    def _cut(self, size: int) -> None:
        try:
            os.ftruncate(self._handle, size)
        except OSError as error:
            raise StateError(
                f"Cannot write {self.path}, and what was half written cannot be "
                f"taken back ({error.strerror}); keep a copy of the file."
            ) from error

    def _renew(self) -> None:
        """Continue on a new inode after a failed sync."""
        self._copy()
        self._suspect = False
        self._follow()
        self._settle()

    def _copy(self) -> None:
        """Put what the open file holds into a new one of the journal's name."""
        content = bytearray()
        while part := os.pread(self._handle, 1 << 24, len(content)):
            content += part
        replace_file(self.path, bytes(content))

    def _drop(self) -> None:
        if self._handle >= 0:
            handle, self._handle = self._handle, -1
            with suppress(OSError):  # it is gone all the same
                os.close(handle)

    def __del__(self) -> None:
        # A run that nobody has closed, for example because it could not be opened.
        self._drop()

    def close(self) -> None:
        """Give the descriptors back; using the journal again opens them anew."""
        self._drop()
        if self._lock:
            self._lock.close()
