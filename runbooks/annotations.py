"""Reads Runme's annotation of a shell fence: ``{name=… class=…}`` or JSON.

Runme's own reader stops at the first brace and ignores what it cannot read;
this one reads quoted values too, and complains.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from runbooks.declarations import decode
from runbooks.model import Problem
from runbooks.source import Source, near
from runbooks.tables import BlockOptions

RUNME = {
    *("background", "category", "closeTerminalOnSuccess", "excludeFromRunAll", "id"),
    *("ignore", "interpreter", "mimeType", "openTerminalOnError", "promptEnv"),
    *("skipPrompts", "tag", "terminalRows", "transform"),
}
"""Runme's keys that mean nothing here; they are left to Runme."""

OURS = tuple(field.encode_name for field in msgspec.structs.fields(BlockOptions))

_PAIR = re.compile(
    r"\s*(?:"
    r"(?P<key>[^\s=,{}\"']+)\s*=\s*"
    r"(?P<value>\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s\"',}][^\s,}]*)"
    r"|(?P<foreign>[.#][\w-]+|[\d,-]+)"
    r")(?:\s*,|(?=\s|$))"
)
"""One setting, or what other tools write there: classes, ids, line numbers."""


def read_annotation(source: Source, problems: list[Problem]) -> BlockOptions:
    """Return what the annotation in an info string declares.

    Args:
        source: the whole info string; without a brace it declares nothing.
    """
    start, end = source.text.find("{"), source.text.rfind("}")
    if start < 0:
        return BlockOptions()
    if end < start:
        problems.append(
            source.problem((0, start), "the annotation is not closed", "end it with }")
        )
        return BlockOptions()
    body = source.text[start + 1 : end]
    if body.lstrip().startswith('"'):
        table = _json(source, start, end, problems)
    else:
        table = _pairs(source, start + 1, body, problems)
    ours: dict[str, Any] = {}
    for key, value in table.items():
        if key in OURS:
            ours[key] = value
        elif key not in RUNME:
            meant = near(key, (*OURS, *RUNME))
            remedy = f"did you mean {meant}?" if meant else f"known: {', '.join(OURS)}"
            at = 0, max(start, source.text.find(key, start))
            problems.append(source.problem(at, f"unknown setting {key!r}", remedy))
    return BlockOptions(**decode(BlockOptions, ours, source, problems, lax=True))


def _json(
    source: Source, start: int, end: int, problems: list[Problem]
) -> dict[str, Any]:
    try:
        return msgspec.json.decode(source.text[start : end + 1], type=dict[str, Any])
    except msgspec.DecodeError as error:
        said = str(error).replace("JSON is malformed: ", "")
        problems.append(
            source.problem(
                (0, start),
                f"the annotation is no valid JSON: {said}",
                'write {"name": "…"}',
            )
        )
        return {}


def _pairs(
    source: Source, start: int, body: str, problems: list[Problem]
) -> dict[str, str]:
    table: dict[str, str] = {}
    at, stop = 0, len(body.rstrip())
    while at < stop:
        match = _PAIR.match(body, at, stop)
        if match is None:
            word = body[at:stop].split(None, 1)[0]
            column = body.index(word, at)
            problems.append(
                source.problem(
                    (0, start + column),
                    f"{word!r} is no setting",
                    'write key=value, with quotes around spaces: key="two words"',
                )
            )
            at = column + len(word)
            continue
        at = match.end()
        if match["foreign"]:
            continue
        if match["key"] in table:
            problems.append(
                source.problem(
                    (0, start + match.start("key")),
                    f"{match['key']!r} is set twice",
                    "keep one",
                )
            )
        table[match["key"]] = _unquote(match["value"])
    return table


def _unquote(value: str) -> str:
    if value[0] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value[1:-1] if value[0] == "'" else value
