"""The last lines that a command printed: a ring, fed with bytes as they come."""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Container

LINES = 10_000
"""Lines that are kept for the screen; the file on disk has them all."""
LONGEST = 4_000
"""Characters of a line that are kept for the screen."""

_TYPED_OVER = re.compile("[^\b]\b")
_COLOUR = re.compile(r"\x1b\[[0-9;:]{0,64}[mK]")


class Scrollback:
    """Lines of text, as they came: colours are read when a line is painted.

    Attributes:
        lines: the kept lines; the last one may still grow.
        total: lines that ever came.
        version: grows with every change, so that a view knows when to repaint.
    """

    def __init__(self) -> None:
        self.lines: deque[str] = deque([""], maxlen=LINES)
        self.total = 1
        self.version = 0
        self._decode = codecs.getincrementaldecoder("utf-8")("backslashreplace").decode
        self._growing = ""

    @property
    def count(self) -> int:
        """Lines to show: the last one counts once something stands in it."""
        return len(self.lines) - (not self.lines[-1])

    @property
    def lost(self) -> int:
        """Lines that came and are no longer kept here."""
        return self.total - len(self.lines)

    @property
    def empty(self) -> bool:
        return self.total == 1 and not self.lines[0]

    def feed(self, data: bytes, skipped: int = 0) -> None:
        """Take the next bytes; *skipped* were left out before them to keep up."""
        if skipped:
            self._take(f"\n… {skipped:,} bytes not shown here; the file has them …\n")
        if data:
            self._take(self._decode(data))
        self.version += 1

    def finish(self) -> None:
        """No more bytes will come: show what an unfinished character left."""
        if rest := self._decode(b"", True):
            self._take(rest)
        self.version += 1

    def _take(self, text: str) -> None:
        lines = text.split("\n")
        lines[0] = self._growing + lines[0]
        # What would never be seen is not worth looking at.
        kept = [drawn(line) for line in lines[-LINES:]]
        self.lines[-1] = kept[0]
        self.lines.extend(kept[1:])
        self.total += len(lines) - 1
        self._growing = lines[-1] if len(lines[-1]) <= 2 * LONGEST else kept[-1]

    def text(self) -> str:
        """Return all kept lines without colours."""
        return "\n".join(plain(line) for line in self.lines)

    def find(
        self,
        wanted: str,
        start: int,
        step: int,
        among: Container[int] | None = None,
    ) -> int | None:
        """Return the next line that holds *wanted*, from *start* on, or None.

        Args:
            step: 1 to look down, -1 to look up; goes round at the ends.
            among: numbers of the lines that count, None for all.
        """
        wanted = wanted.casefold()
        lines = list(self.lines)
        for far in range(1, len(lines) + 1):
            index = (start + far * step) % len(lines)
            if among is not None and index not in among:
                continue
            if wanted in plain(lines[index]).casefold():
                return index
        return None


def plain(line: str) -> str:
    """Return *line* without its colours."""
    return _COLOUR.sub("", line) if "\x1b" in line else line


def drawn(line: str) -> str:
    """Return what a terminal shows of *line* once it is complete.

    A carriage return starts the line again, so progress bars leave their last
    state; a backspace takes back one character; a line too long to be read on a
    screen is cut, saying so.
    """
    if "\r" in line:
        line = line.rstrip("\r").rpartition("\r")[2]
    if "\b" in line:
        line = line[: 2 * LONGEST]
        shorter = _TYPED_OVER.sub("", line)
        while shorter != line:
            line, shorter = shorter, _TYPED_OVER.sub("", shorter)
        line = line.replace("\b", "")
    if len(line) > LONGEST:
        line = f"{line[:LONGEST]}… {len(line) - LONGEST:,} more characters in the file"
    return line
