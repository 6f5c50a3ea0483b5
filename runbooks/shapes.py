"""Secrets that nobody named, found by their shape.

The rules are those of gitleaks, and of betterleaks for what gitleaks has none; see
`rules/` for both and their licences. A rule is tried only around its keywords, which
one pass of ahocorasick-rs finds, and is read and compiled when it is first needed.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property
from math import log2

from runbooks.redaction import finder

TYPE_CHECKING = False
if TYPE_CHECKING:  # the supervisor imports this, and starts fast
    from typing import Any

RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rules")
FILES = ("gitleaks.toml", "betterleaks.toml", "postgresql.toml")
WIDTH = 4096
"""Bytes of one line, to each side of a keyword, in which its rule is tried."""
HEIGHT = 16 * 1024
"""The same for rules that span lines, such as that of private keys."""
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()][0-9A-B])")
_LINES = re.compile(r"\[\\r\\n\]|\(\?s:|\[\\s\\S")
"""What a rule says that spans lines."""
_UUID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
"""What ordinary logs are full of: no secret for the one rule that knows no vendor."""

Span = tuple[int, int]


class Rule:
    """One rule: what a secret looks like, and what only looks like one."""

    def __init__(self, table: Mapping[str, Any], everywhere: Mapping[str, Any]) -> None:
        self.keywords = [word.lower().encode() for word in table["keywords"]]
        self.tall = bool(_LINES.search(table["regex"]))
        self._table = table
        self._everywhere = everywhere

    def find(self, text: bytes, begin: int, end: int) -> Iterable[Span]:
        """Yield where secrets of this shape are in that part of *text*."""
        for match in self._regex.finditer(text, begin, end):
            group = self._group or match.lastindex or 0
            if not self._group and match.lastindex:
                # As gitleaks has it: the first group that took part.
                group = next(i for i in range(1, match.lastindex + 1) if match[i])
            if match[group] and not self._allows(match, match[group], text):
                yield match.span(group)

    @cached_property
    def _regex(self) -> re.Pattern[bytes]:
        from runbooks.re2 import translated

        return re.compile(translated(self._table["regex"]))

    @cached_property
    def _group(self) -> int:
        return int(self._table.get("secretGroup", 0))

    @cached_property
    def _allowed(self) -> list[tuple[str, list[re.Pattern[bytes]], list[bytes]]]:
        from runbooks.re2 import translated

        return [
            (
                each.get("regexTarget", "secret"),
                [re.compile(translated(regex)) for regex in each.get("regexes", ())],
                [word.lower().encode() for word in each.get("stopwords", ())],
            )
            for each in (self._everywhere, *self._table.get("allowlists", ()))
            if each.get("condition") != "AND"  # those ask for the path of a file
        ]

    def _allows(self, match: re.Match[bytes], secret: bytes, text: bytes) -> bool:
        if secret == b"[redacted]" or _entropy(secret) <= self._table.get("entropy", 0):
            return True
        if self._table["id"] == "generic-api-key" and _UUID.fullmatch(secret):
            return True
        lower = secret.lower()
        for target, regexes, stopwords in self._allowed:
            searched = secret if target == "secret" else match[0]
            if target == "line":
                begin = text.rfind(b"\n", 0, match.start()) + 1
                end = text.find(b"\n", match.end())
                searched = text[begin : len(text) if end < 0 else end]
            if any(regex.search(searched) for regex in regexes):
                return True
            if any(word in lower for word in stopwords):
                return True
        return False


class _Rules:
    """All rules, and the search for their keywords."""

    def __init__(self) -> None:
        import tomllib

        self.rules: list[Rule] = []
        everywhere: Mapping[str, Any] = {}
        for name in FILES:
            with open(os.path.join(RULES, name), "rb") as file:
                tables = tomllib.load(file)
            everywhere = tables.get("allowlist", everywhere)
            self.rules += [
                Rule(table, everywhere) for table in tables["rules"] if "regex" in table
            ]
        self.of: dict[bytes, list[Rule]] = {}
        for rule in self.rules:
            for word in rule.keywords:
                self.of.setdefault(word, []).append(rule)
        self.words = list(self.of)
        self.search = finder(self.words)


_rules = cache(_Rules)


def find(
    text: bytes, more: Callable[[bytes], Iterable[Span]] = lambda _: ()
) -> list[Span]:
    """Return where *text* holds what looks like a secret: sorted, apart.

    Colours within a secret do not hide it.

    Args:
        more: finds other secrets in a text without colours.
    """
    if b"\x1b" not in text:
        return _joined(_find(text))
    plain, back = _plain(text)
    spans = (*_find(plain), *more(plain))
    return _joined((back(begin), back(end - 1) + 1) for begin, end in spans)


def _find(text: bytes) -> Iterable[Span]:
    known = _rules()
    wanted: dict[Rule, list[Span]] = {}
    for which, at, end in known.search(text.lower(), overlapping=True):
        for rule in known.of[known.words[which]]:
            windows = wanted.setdefault(rule, [])
            if windows and end <= windows[-1][1]:
                continue
            begin, until = _window(text, at, end, rule.tall)
            if windows and begin <= windows[-1][1]:
                windows[-1] = (windows[-1][0], until)
            else:
                windows.append((begin, until))
    for rule, windows in wanted.items():
        for begin, until in windows:
            yield from rule.find(text, begin, until)


def _window(text: bytes, at: int, end: int, tall: bool) -> Span:
    if tall:
        return max(0, at - HEIGHT), min(len(text), end + HEIGHT)
    begin = max(text.rfind(b"\n", 0, at) + 1, at - WIDTH, 0)
    until = text.find(b"\n", end, end + WIDTH)
    return begin, min(len(text), end + WIDTH) if until < 0 else until + 1


def _plain(text: bytes) -> tuple[bytes, Callable[[int], int]]:
    """Return *text* without colours, and what tells where a byte of it was."""
    starts, shifts, parts = [0], [0], []
    at = length = 0
    for match in _ESCAPES.finditer(text):
        parts.append(text[at : match.start()])
        length += match.start() - at
        at = match.end()
        starts.append(length)
        shifts.append(at - length)
    parts.append(text[at:])

    def back(index: int) -> int:
        return index + shifts[bisect_right(starts, index) - 1]

    return b"".join(parts), back


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def _entropy(secret: bytes) -> float:
    counts = (secret.count(byte) / len(secret) for byte in set(secret))
    return -sum(part * log2(part) for part in counts)
