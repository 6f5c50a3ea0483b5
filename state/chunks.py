"""progress.toml as a list of tables, so that a save rewrites only what changed.

A table that still reads as gonogo wrote it is rendered anew. One that a person
has touched is edited in place with tomlkit, which keeps comments, keys and
layout. Parsing the whole file with tomlkit takes seconds at 10,000 steps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from state.rendering import KEYS, SEEN, Value, step_header, toml, toml_value

_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)


@dataclass(slots=True)
class Chunk:
    """One table of the file.

    Attributes:
        name: path of the table, ``("step", "tls.dns")``; () before the first.
        lead: blank lines and comments directly above the header.
        header: the header's line.
        body: everything up to the lead of the next table.
    """

    name: tuple[str, ...]
    lead: str
    header: str
    body: str

    def __str__(self) -> str:
        return self.lead + self.header + self.body

    def update(self, before: Mapping[str, Value], values: Mapping[str, Value]) -> None:
        """Make the table say *values*, where it said *before*."""
        rendered = toml(values)
        plain = self.body.rstrip("\n") + "\n"
        if plain == rendered:
            return
        if not self.body or plain == toml(before):
            self.body = rendered
            return
        from tomlkit.exceptions import TOMLKitError

        try:
            self.body = _edited(self.body, values)
        except (TOMLKitError, RecursionError):
            # tomllib takes more than tomlkit does: kept for the person as comments.
            kept = (f"# {line}\n" for line in self.body.splitlines() if line.strip())
            self.body = rendered + "".join(kept)


def split(text: str) -> list[Chunk]:
    """Cut *text*, which is valid TOML, into its tables.

    A line that begins with a bracket starts a table unless it stands inside a
    value; then what is before it is no TOML by itself.
    """
    chunks: list[Chunk] = []
    pending = ""
    starts = [match.start() for match in _TABLE.finditer(text)]
    for begin, end in zip([0, *starts], [*starts, len(text)], strict=True):
        pending += text[begin:end]
        if end < len(text) and not _whole(pending):
            continue
        if pending:
            chunks.append(_chunk(pending, chunks))
        pending = ""
    return chunks


_PLAIN = re.compile(
    r'(?:[A-Za-z]+ = (?:"[^\n]*"|[0-9]+|true|\[[^\n]*\])\n)*\n*(?:#[^\n]*\n)*\n*'
)


def _whole(text: str) -> bool:
    """Whether *text* is TOML by itself."""
    header, _, body = text.partition("\n")
    if '"""' not in text and header.startswith("[") and _PLAIN.fullmatch(body):
        return True
    import tomllib

    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _chunk(text: str, chunks: list[Chunk]) -> Chunk:
    """Return the table at the start of *text*; its tail leads the next one."""
    lead = ""
    if chunks:
        chunks[-1].body, lead = _tail(chunks[-1].body)
    if not _TABLE.match(text):
        return Chunk((), lead, "", text)
    header, newline, body = text.partition("\n")
    return Chunk(_name(header), lead, header + newline, body)


def _tail(body: str) -> tuple[str, str]:
    """Split off the comments that stand directly above the next header."""
    lines = body.splitlines(keepends=True)
    cut = len(lines)
    while cut and lines[cut - 1].lstrip().startswith("#"):
        cut -= 1
    while cut and not lines[cut - 1].strip():
        cut -= 1
    return "".join(lines[:cut]), "".join(lines[cut:])


_OURS = re.compile(r'\[step\."([^"\\]*)"\]')


def _name(header: str) -> tuple[str, ...]:
    if ours := _OURS.fullmatch(header):
        return "step", ours[1]
    import tomllib

    found: Any = tomllib.loads(header)
    path = []
    while isinstance(found, dict) and found:
        key, found = next(iter(found.items()))
        path.append(key)
    return tuple(path)


def _edited(body: str, values: Mapping[str, Value]) -> str:
    """Return the table's *body* with *values*, all else as the person left it."""
    import tomlkit

    old = tomlkit.parse(body)
    new = tomlkit.document()
    order = list(values)
    missing = [name for name in order if name not in old]

    def add_followers(name: str) -> None:
        # Absent keys come in directly behind the one they follow in the order.
        for other in order[order.index(name) + 1 :]:
            if other not in missing:
                break
            missing.remove(other)
            new.add(other, _item(values[other]))

    for key, item in old.body:
        name = key.key if key is not None else ""
        if key is None:
            new.add(item)
        elif name in values:
            new.append(key, _replaced(item, values[name]))
            add_followers(name)
        elif name not in KEYS + SEEN:
            new.append(key, item)
        elif item.trivia.comment:
            new.add(tomlkit.comment(item.trivia.comment.lstrip("# ")))
    for name in missing:
        new.add(name, _item(values[name]))
    return new.as_string()


def _replaced(item: Any, value: Value) -> Any:
    """Return *value* with the comment and spacing of *item*."""
    if item.unwrap() == value:
        return item
    fresh = _item(value)
    fresh.trivia.indent = item.trivia.indent
    fresh.trivia.comment_ws = item.trivia.comment_ws
    fresh.trivia.comment = item.trivia.comment
    fresh.trivia.trail = item.trivia.trail
    return fresh


def _item(value: Value) -> Any:
    """Return *value* for tomlkit; its own escaping is quadratic in the length."""
    import tomlkit

    return tomlkit.value(toml_value(value))


def step_chunk(step_id: str, values: Mapping[str, Value], lead: str = "\n") -> Chunk:
    """Return the table of a step that had none."""
    return Chunk(("step", step_id), lead, step_header(step_id), toml(values))
