"""Notices what looks like a task and is none."""

from __future__ import annotations

import re
from bisect import bisect_right

from runbooks.found import Found, Span, Task
from runbooks.model import Notice

_HINT = re.compile(
    r"\[[ \t\u00a0xX✓✔✗✘√]{0,3}\\?\]|[☐☑☒🔲🔳]|&#(?:x261[012]|974[456]);"
    r"|type\s*=\s*[\"']?checkbox",
    re.IGNORECASE,
)
_QUOTE = r"(?:[ \t]*>)*[ \t]*"
_BULLET = _QUOTE + r"(?:[-*+]|\d{1,9}[.)])"
_TASK = re.compile(_BULLET + r"[ \t]+\[[ \txX]\][ \t]+\S")
_BALLOT = re.compile(r"[☐☑☒🔲🔳]|&#(?:x261[012]|974[456]);", re.IGNORECASE)

_LINK = r"(?![(\[:])"
_SHAPES = (
    (
        re.compile(_QUOTE + r"(?:[-*+]|\d{1,9}[.)])\[[ xX]\](?:\s|$)"),
        "no space between the bullet and the box; write - [ ]",
    ),
    (
        re.compile(_BULLET + r"[ \t]+\\\[[ xX]?\\?\]"),
        "the box is escaped by a backslash; write - [ ]",
    ),
    (
        re.compile(_BULLET + r"[ \t]+\[[ \txX]\][ \t]*$"),
        "the box has no text after it; write what is to be done",
    ),
    (
        re.compile(_BULLET + r"[ \t]+\[[ xX]\]" + _LINK + r"\S"),
        "no space between the box and its text; write - [ ] and a space",
    ),
    (
        re.compile(_BULLET + r"[ \t]+\[\]" + _LINK),
        "no space in the box; write - [ ]",
    ),
    (
        re.compile(_BULLET + r"[ \t]+\[(?:[ \txX]{2,3}|[\u00a0✓✔✗✘√])\]" + _LINK),
        "the box holds something else than one space or x; write - [ ] or - [x]",
    ),
    (
        re.compile(_QUOTE + r"\[[ xX]\][ \t]+\S"),
        "no bullet before the box; write - [ ]",
    ),
    (_TASK, "it is read as text of what is above; put an empty line before the list"),
    (
        re.compile(_QUOTE + r"\|.*\[[ xX]\]"),
        "a box in a table is no task; write a list",
    ),
    (_BALLOT, "a character that shows a box is none; write - [ ]"),
    (
        re.compile(r".*<input\b[^>]*type\s*=\s*[\"']?checkbox", re.IGNORECASE),
        "an HTML checkbox is no task; write - [ ]",
    ),
)

_INSIDE = {
    "code": "a checklist in a code block is not read; move it out of the block",
    "html": "a checklist in a comment or HTML block is not read; move it out of that",
    "table": "a box in a table is no task; write a list",
}


def notices(text: str, found: Found) -> tuple[Notice, ...]:
    """Return a notice for each line of *text* that looks like a task and is none."""
    tasks = (item.line for item in found.items if isinstance(item, Task))
    task = next(tasks, 0)
    starts = [span.start for span in found.spans]
    noticed: list[Notice] = []
    number, counted, seen = 1, 0, 0
    for match in _HINT.finditer(text):
        number += text.count("\n", counted, match.start())
        counted = match.start()
        while task and task < number:
            task = next(tasks, 0)
        if number in (seen, task):
            continue
        seen = number
        start = text.rfind("\n", 0, counted) + 1
        end = text.find("\n", counted)
        line = text[start : end if end >= 0 else len(text)]
        at = bisect_right(starts, number - 1) - 1
        span = found.spans[at] if at >= 0 else None
        inside = span if span and number <= span.end else None
        if why := _why(line, inside):
            noticed.append(Notice(number, f"looks like a task and is none: {why}"))
    return tuple(noticed)


def _why(line: str, inside: Span | None) -> str:
    if inside and inside.kind == "table":
        return _INSIDE["table"]
    if inside and _TASK.match(line):
        return _INSIDE[inside.kind]
    if inside and inside.kind == "code":
        return ""
    for shape, why in _SHAPES:
        found = shape.search(line) if shape is _BALLOT else shape.match(line)
        if found:
            return why
    return ""
