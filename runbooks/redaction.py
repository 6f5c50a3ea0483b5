"""Secret values out of a stream of bytes, wherever reads happen to cut it.

The engine is ahocorasick-rs: hundreds of megabytes a second, where regular
expressions manage a dozen. The supervisor imports this file, so whatever costs
start-up time is imported inside the functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

MARK = b"[redacted]"
SHORTEST = 6
"""Characters: a shorter value would be found in ordinary words; see `secrets`."""
_LINE = 16
"""From this length on, a line of a secret of several lines is a secret itself."""
_NAMES = ("TOKEN", "KEY", "SECRET", "PASSWORD")


class Redactor:
    """Replaces every occurrence of *patterns* by ``[redacted]``, read by read.

    Whatever the cuts between reads, the result is that of the whole text:
    every byte that belongs to an occurrence goes, and occurrences that overlap
    become one mark. Only the longest end that may be the beginning of a pattern
    is held back, for as long as nothing follows it: a pause tells nothing.
    """

    def __init__(self, patterns: Sequence[bytes]) -> None:
        self._held = b""
        self._marked = 0
        """How many bytes of `_held` belong to an occurrence already marked."""
        self._patterns = patterns
        if not patterns:
            return
        self._find = finder(patterns)
        self._longest = max(map(len, patterns))
        # The beginnings, with which the end of a read is searched.
        self._stem = min(4, min(map(len, patterns)))
        self._stems: dict[bytes, list[bytes]] = {}
        self._starts: set[bytes] = set()
        for pattern in patterns:
            self._stems.setdefault(pattern[: self._stem], []).append(pattern)
            self._starts.update(pattern[:n] for n in range(1, self._stem))
        self._find_stem = finder(list(self._stems))
        self._stem_list = list(self._stems)

    def feed(self, data: bytes) -> bytes:
        """Return what may be shown of everything fed so far and not yet returned."""
        if not self._patterns:
            return data
        text = self._held + data if self._held else data
        return self._emit(text, self._hold_from(text))

    def flush(self) -> bytes:
        """Return what was held back: nothing will follow it."""
        return self._emit(self._held, len(self._held))

    def spans(self, text: bytes) -> list[tuple[int, int]]:
        """Return where *text* holds patterns."""
        if not self._patterns:
            return []
        return [(a, b) for _, a, b in self._find(text, overlapping=True)]

    def _emit(self, text: bytes, until: int) -> bytes:
        if not self._patterns:
            return b""
        shown: list[bytes] = []
        at = self._marked
        for _, start, end in sorted(
            self._find(text, overlapping=True), key=lambda match: match[1]
        ):
            if start >= until:
                break
            if start >= at:
                shown += (text[at:start], MARK)
            at = max(at, end)
        shown.append(text[at:until])
        self._held = text[until:]
        self._marked = max(at - until, 0)
        return b"".join(shown)

    def _hold_from(self, text: bytes) -> int:
        """Return where the longest end that begins a pattern starts."""
        first = max(0, len(text) - self._longest + 1)
        end = text[first:]
        for which, start, _ in self._find_stem(end, overlapping=True):
            rest = end[start:]
            if any(
                len(rest) < len(pattern) and pattern.startswith(rest)
                for pattern in self._stems[self._stem_list[which]]
            ):
                return first + start
        for size in range(min(self._stem - 1, len(end)), 0, -1):
            if end[-size:] in self._starts:
                return len(text) - size
        return len(text)


def finder(patterns: Sequence[bytes]) -> Callable[..., list[tuple[int, int, int]]]:
    """Return what finds all *patterns* in a text: which, from where, to where."""
    from ahocorasick_rs import BytesAhoCorasick

    return BytesAhoCorasick(patterns).find_matches_as_indexes


def redact(data: bytes, patterns: Sequence[bytes]) -> bytes:
    """Return *data*, all of it, without *patterns* and what looks like a secret."""
    from runbooks.sifting import Sieve

    sieve = Sieve(patterns)
    return sieve.feed(data) + sieve.flush()


def patterns(secrets: Iterable[str]) -> list[bytes]:
    """Return what to look for: each secret as it is and in the usual encodings.

    These are URL, JSON, shell quoting, base64 at its three shifts and hex, and
    each long line of a secret of several lines. Too short ones are left out.
    """
    found: set[bytes] = set()
    for secret in secrets:
        if len(secret) < SHORTEST:
            continue
        found.update(_encodings(secret))
        for line in secret.splitlines():
            if len(line) >= _LINE and not line.startswith("-----"):
                found.add(line.encode("utf-8", "surrogateescape"))
    return sorted(found)


def secret_values(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values of variables whose names say that they are secret."""
    return tuple(
        value
        for name, value in environ.items()
        if value and name.upper().endswith(_NAMES)
    )


def _encodings(secret: str) -> set[bytes]:
    import json
    import shlex
    from base64 import b64encode, urlsafe_b64encode
    from urllib.parse import quote, quote_plus

    raw = secret.encode("utf-8", "surrogateescape")
    texts = {json.dumps(secret)[1:-1], shlex.quote(secret)}
    texts |= {quote(raw), quote(raw, safe=""), quote_plus(raw)}
    texts |= {json.dumps(secret, ensure_ascii=False)[1:-1], raw.hex()}
    texts |= {raw.hex().upper(), secret.replace("'", "'\\''")}
    found = {raw} | {text.encode("utf-8", "surrogateescape") for text in texts}
    for encode in (b64encode, urlsafe_b64encode):
        for shift in range(3):
            # Only the characters that no neighbouring byte has a part in.
            code = encode(bytes(shift) + raw)
            first = (0, 2, 3)[shift]
            last = (shift + len(raw)) * 8 // 6
            found.add(code[first:last])
    return found
