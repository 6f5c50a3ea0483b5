"""What a command printed, on disk: written by the supervisor, followed by screens.

``ID.out`` holds everything up to a limit. Past it the beginning stays there, and
the newest bytes go to two files in turn, ``ID.out.0`` and ``ID.out.1``; at the
end these are appended, after a line that says how much is missing between.

Standard library only: the supervisor imports this, and must start fast.
"""

from __future__ import annotations

import os
from contextlib import suppress
from struct import Struct

from runbooks.private import create_kept

_TAIL = 64 << 20
"""At most this many bytes of the newest output are kept past the limit."""
_RESERVED = 20
"""One part in this many of the disk is never taken."""
_FLOOR = 256 << 10
"""Kept of the beginning and of the end, in bytes, however full the disk is."""
_LOOK = 4 << 20
"""Bytes written between two looks at the free space."""
_HEADER = Struct(">QQ")
"""Of a tail file: size of the beginning, and where in the output it starts."""


class Output:
    """Keeps what a command prints; never fails and never waits for space.

    Attributes:
        size: bytes given to `write`.
        head: bytes of the beginning that were kept.
        gap: after `finish`, bytes missing between the beginning and the end.
        kept: after `finish`, bytes of the output that the file holds.
        problem: why something could not be written, or "".

    Raises:
        OSError: the file could not be made.
    """

    def __init__(self, path: str, limit: int) -> None:
        self.size = self.head = self.gap = self.kept = 0
        self.problem = ""
        self._path = path
        self._part = min(_TAIL, limit // 4) // 2
        self._limit = limit - 2 * self._part
        self._looked = 0
        self._tails: list[tuple[int, int, str]] = []
        """Start in the output, descriptor and path of each, oldest first."""
        self._frozen = self._finished = False
        self._file = create_kept(path)
        self._look()

    def write(self, data: bytes) -> None:
        """Keep *data*, or count it."""
        if self._finished:
            if self.size < self._limit:
                self.size += self._put(self._file, data)
            return
        if not self._frozen:
            if self.size - self._looked >= _LOOK:
                self._look()
            now = data[: max(0, self._limit - self.head)]
            written = self._put(self._file, now)
            self.head += written
            self.size += written
            self._frozen = written < len(data)
            data = data[written:]
        while data:
            data = self._write_tail(data)

    def finish(self) -> None:
        """Put the end behind the beginning, with a line where bytes are missing.

        What a process that outlives the command writes later is added up to the
        limit of the beginning, and is no longer counted.
        """
        start = self._tails[0][0] if self._tails else self.size
        self.gap = start - self.head
        self.kept = self.head
        if self.gap:
            self._put(self._file, gap_line(self.gap))
        for _, file, path in self._tails:
            size = os.fstat(file).st_size - _HEADER.size
            for at in range(0, size, 1 << 20):
                block = os.pread(file, 1 << 20, _HEADER.size + at)
                self.kept += self._put(self._file, block)
            os.close(file)
            os.unlink(path)
        self._tails = []
        self._finished = True

    def _write_tail(self, data: bytes) -> bytes:
        """Write to the newest tail file what fits; return the rest."""
        try:
            if not self._tails or self.size - self._tails[-1][0] >= self._part:
                self._rotate()
        except OSError as error:
            self._lose(str(error.strerror), data)
            return b""
        start, file, _ = self._tails[-1]
        now = data[: self._part - (self.size - start)]
        written = self._put(file, now)
        self.size += written
        if written < len(now):
            self._lose(self.problem, data[written:])
            return b""
        return data[written:]

    def _rotate(self) -> None:
        path = f"{self._path}.0"
        if self._tails:
            path = self._path + (".1" if self._tails[-1][2].endswith(".0") else ".0")
        if len(self._tails) == 2:
            self._drop(self._tails.pop(0))
        # Never truncated: a screen that reads the old file goes on reading it.
        file = create_kept(path)
        os.write(file, _HEADER.pack(self.head, self.size))
        self._tails.append((self.size, file, path))

    def _lose(self, problem: str, data: bytes) -> None:
        """Count *data*, and give back the space of the tail so as to start again."""
        self.problem = problem
        self.size += len(data)
        while self._tails:
            self._drop(self._tails.pop())

    def _drop(self, tail: tuple[int, int, str]) -> None:
        os.close(tail[1])
        os.unlink(tail[2])

    def _put(self, file: int, data: bytes) -> int:
        """Return how much of *data* could be written."""
        done = 0
        try:
            while done < len(data):
                done += os.write(file, data[done:] if done else data)
        except OSError as error:
            self.problem = str(error.strerror)
        return done

    def _look(self) -> None:
        """End the beginning here when the disk's last part comes near."""
        self._looked = self.size
        try:
            disk = os.fstatvfs(self._file)
        except OSError:
            return
        free = (disk.f_bavail - disk.f_blocks // _RESERVED) * disk.f_frsize
        # The end will need its room, and half of that again while it is appended.
        if free < 3 * self._part + _LOOK:
            self._limit = max(min(self._limit, self.head), _FLOOR)
            self._part = max(min(self._part, free // 4), _FLOOR // 2)


class Tail:
    """Follows the output of a command, from its beginning, also past the limit."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        self._at = 0
        """Where in the output the next byte is."""

    def read(self, limit: int) -> tuple[bytes, int]:
        """Return the next bytes, at most *limit*, and how many were left out before.

        More than four times *limit* behind, it leaves out all but the last
        *limit* bytes. No bytes means that there are none yet.
        """
        pieces = self._pieces()
        end = pieces[-1][1] if pieces else 0
        target = self._at if end - self._at <= 4 * limit else end - limit
        for start, stop, path, offset in pieces:
            if stop <= target:
                continue
            begin = max(start, target)
            size = min(limit, stop - begin)
            try:
                with open(path, "rb") as file:
                    data = os.pread(file.fileno(), size, offset + begin - start)
            except FileNotFoundError:  # turned over meanwhile; the next look finds it
                return b"", 0
            skipped = begin - self._at
            self._at = begin + len(data)
            return data, skipped
        return b"", 0

    def _pieces(self) -> list[tuple[int, int, str, int]]:
        """Return what is kept: start and end in the output, file, offset there."""
        try:
            size = os.stat(self._path).st_size
        except FileNotFoundError:
            return []
        tails = []
        for path in (f"{self._path}.0", f"{self._path}.1"):
            with suppress(FileNotFoundError), open(path, "rb") as file:
                header = file.read(_HEADER.size)
                if len(header) == _HEADER.size:
                    head, start = _HEADER.unpack(header)
                    stop = start + os.fstat(file.fileno()).st_size - len(header)
                    tails.append((start, stop, path, len(header)))
                    size = min(size, head)
        if tails:
            return [(0, size, self._path, 0), *sorted(tails)]
        head, gap = self._finished()
        if not gap:
            return [(0, size, self._path, 0)]
        line = len(gap_line(gap))
        rest = (head + gap, size - line + gap, self._path, head + line)
        return [(0, head, self._path, 0), rest]

    def _finished(self) -> tuple[int, int]:
        """Return size of the beginning and of the gap, once the command has ended."""
        import json

        path = self._path.removesuffix(".out") + ".exit"
        try:
            with open(path, "rb") as file:
                ending = json.load(file)
        except FileNotFoundError:
            return 0, 0
        return ending["head"], ending["gap"]


def gap_line(size: int) -> bytes:
    """Return the line that stands for *size* bytes that were not kept."""
    return f"\n… {size:,} bytes not kept …\n".encode()
