"""All secrets out of a stream: known values, and what only looks like a secret.

Known values go first, at hundreds of megabytes a second. Shapes need what stands
around them, so the end of a line that may still become one is held back, and a
little of what was shown already is looked at again.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Sequence

from runbooks.redaction import MARK, Redactor

MOST = 64 << 20
"""Bytes of one stream in which shapes are looked for; known values always are."""
_AROUND = 1024
"""Bytes shown already that a shape may need before it."""
_TALLEST = 16 * 1024
"""Bytes that a private key may have; so much is held back until it ends."""
_LONGEST = 4096
"""The same for one word, and for one line with colours in it."""
_WORD = string.ascii_letters.encode() + string.digits.encode() + b"._+/=~:@%$!*-"
_LETTERS = frozenset((string.ascii_letters + string.digits).encode())
_OPEN_KEY = re.compile(
    rb"-----BEGIN[ A-Z0-9_-]{0,100}"
    rb"(?:\Z|PRIVATE KEY(?: BLOCK)?-----(?!.*KEY(?: BLOCK)?-----))",
    re.DOTALL,
)


class Sieve:
    """Replaces known *patterns* and what looks like a secret by ``[redacted]``.

    Whatever the cuts between reads, a secret goes that one read of all would find.
    """

    def __init__(self, patterns: Sequence[bytes]) -> None:
        self._known = Redactor(patterns)
        self._before = self._held = b""
        self._left = MOST

    def feed(self, data: bytes) -> bytes:
        """Return what may be shown of everything fed so far and not yet returned."""
        return self._sift(self._known.feed(data), last=False)

    def flush(self) -> bytes:
        """Return what was held back: nothing follows it; another stream may."""
        shown = self._sift(self._known.flush(), last=True)
        self._before, self._left = b"", MOST
        return shown

    def _sift(self, data: bytes, last: bool) -> bytes:
        if self._left <= 0:
            shown, self._held = self._held + data, b""
            return shown
        if not (data or (last and self._held)):
            return b""
        self._left -= len(data)
        from runbooks.shapes import find

        text = self._before + self._held + data
        begin = len(self._before)
        until = len(text) if last else max(begin, _hold_from(text))
        parts: list[bytes] = []
        at = begin
        for start, end in find(text, self._known_in):
            if start >= until:
                break
            if end > at:
                parts += (text[at : max(start, at)], MARK)
                at = end
                # A secret is not cut in two: what is left of it would be shown.
                until = max(until, end)
        parts.append(text[at:until])
        self._held = text[until:]
        self._before = text[max(0, until - _AROUND) : until]
        return b"".join(parts)

    def _known_in(self, plain: bytes) -> Iterable[tuple[int, int]]:
        return self._known.spans(plain)


def _hold_from(text: bytes) -> int:
    """Return where what may still become a secret begins."""
    end = len(text)
    tail = text[-_LONGEST:]
    if b"\x1b" in tail[max(tail.rfind(b"\n"), tail.rfind(b"\r")) + 1 :]:
        line = max(tail.rfind(b"\n"), tail.rfind(b"\r")) + 1
        return len(text) - len(tail) + line
    word = tail[len(tail.rstrip(_WORD)) :]
    if any(map(_LETTERS.__contains__, word)):  # dots of progress are shown at once
        end -= len(word)
    if b"-----BEGIN" in text[-_TALLEST:]:
        tall = text[-_TALLEST:]
        if key := _OPEN_KEY.search(tall, tall.rfind(b"-----BEGIN")):
            end = min(end, len(text) - len(tall) + key.start())
    return end
