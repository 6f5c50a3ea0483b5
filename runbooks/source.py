"""Text of a declaration: reads it as TOML, and finds its keys in the file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from runbooks.model import Problem

_TEXT = re.compile(
    r"(?P<key>[A-Za-z][\w-]*) ?= ?(?:\"(?P<text>[^\"\\\x00-\x1f\x7f]*)\"|"
    r"\"{3}\n?(?P<long>(?:[^\"\\\x00-\x09\x0b-\x1f\x7f]|\\\n)*)\"{3})\n",
    re.ASCII,
)
_PARTS = 16
_PART = r"(?:[\w-]+|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*')"
_DEEP = re.compile(
    rf"(?:^[ \t]*\[?\[?|[{{,])[ \t]*{_PART}(?:[ \t]*\.[ \t]*{_PART}){{{_PARTS},}}+"
    r"[ \t]*[=\]]",
    re.MULTILINE | re.ASCII,
)
"""A key of so many parts that tomllib, which keeps every beginning of it, takes
gigabytes for a file of a few kilobytes."""
_JOINED = re.compile(r"\\\n[ \n]*")
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Source:
    """Text of a declaration, and where it stands in its file.

    Attributes:
        line: 1-based line of the file on which the text begins.
        margin: characters before the text's line of that 0-based number.
    """

    path: Path
    text: str
    line: int = 1
    margin: Callable[[int], int] = lambda _line: 0

    def problem(self, at: tuple[int, int], problem: str, remedy: str) -> Problem:
        """Return a complaint about 0-based line and column *at* of the text."""
        line, column = at
        column += self.margin(line) + 1
        return Problem(self.path, self.line + line, column, problem, remedy)

    def find(self, keys: Sequence[str]) -> tuple[int, int]:
        """Return 0-based line and column of the last of *keys*, as near as possible.

        Table headers and inline tables are followed by name; what is not found
        is placed at what is above it.
        """
        at, best = 0, (0, 0)
        for key in keys:
            quoted = rf"(?:\"{re.escape(key)}\"|'{re.escape(key)}'|{re.escape(key)})"
            match = re.compile(
                rf"(?m)(?:^[ \t]*|[{{,.\[][ \t]*){quoted}(?=[ \t]*[=.\]])"
            ).search(self.text, at)
            if match is None:
                break
            at = match.end()
            start = match.start() + len(match[0]) - len(match[0].lstrip("{,.[ \t"))
            line = self.text.count("\n", 0, start)
            best = line, start - (self.text.rfind("\n", 0, start) + 1)
        return best


def read_toml(source: Source, problems: list[Problem]) -> dict[str, Any]:
    """Return the tables of *source*; what is no TOML is complained of, and empty."""
    texts = _read_texts(source.text)
    if texts is not None:
        return texts
    try:
        return loads(source.text)
    except (ValueError, RecursionError) as error:
        said, line, column = misread(error, source.text)
        at = line - 1, column - 1
        remedy = 'write lines such as severity = "blocker"'
        problems.append(source.problem(at, f"this is no valid TOML: {said}", remedy))
        return {}


def loads(text: str) -> dict[str, Any]:
    """Return the tables of TOML that anybody may have written.

    Raises:
        ValueError, RecursionError: it is none; see `misread`.
    """
    if deep := _DEEP.search(text):
        line = text.count("\n", 0, deep.start()) + 1
        said = f"a key has more than {_PARTS} parts (at line {line}, column 1)"
        raise tomllib.TOMLDecodeError(said)
    return tomllib.loads(text)


def misread(error: Exception, text: str) -> tuple[str, int, int]:
    """Return why *text* is no TOML, and where: 1-based line and column.

    Args:
        error: what tomllib raised: its own error, a RecursionError, or the ValueError
            of a number with too many digits.
    """
    said = str(error)
    place = _AT.search(said)
    if isinstance(error, RecursionError):
        said = "it is nested too deeply"
    said = _AT.sub("", said)
    said = said[:1].lower() + said[1:]
    if place and place[1]:
        return said, int(place[1]), int(place[2])
    return said, text.rstrip("\n").count("\n") + 1, 1


def _read_texts(text: str) -> dict[str, Any] | None:
    """Return the keys of a table that holds nothing but texts, None for any other.

    Most steps declare no more, and tomllib takes five times as long for them.
    """
    table: dict[str, Any] = {}
    at = 0
    while at < len(text):
        match = _TEXT.match(text, at)
        if match is None or match["key"] in table:
            return None
        long = match["long"]
        value = match["text"] if long is None else _JOINED.sub("", long)
        table[match["key"]] = value
        at = match.end()
    return table


def near(word: str, known: Iterable[str]) -> str:
    """Return the known word that is nearest to *word*, or ""."""
    folded = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else ""
