"""Splits shell text into its complete top-level commands.

The parts of a block run alone, so a part is a command that bash would not wait
for more of. In a session (``$ ls`` and what it printed) only the prompted lines
are commands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from runbooks.natures import nature
from runbooks.syntax import masked, tree

if TYPE_CHECKING:
    from tree_sitter import Node

SESSIONS = frozenset({"console", "shell-session", "shellsession"})
"""Languages of which only the prompted lines are commands."""

LOOKAHEAD_LINES = 200
LOOKAHEAD_CHARACTERS = 64 * 1024
"""How far the end of an unfinished command is looked for in a session."""

_MIDDLE = re.compile(r"\s*(?:then|elif|else|fi|do|done|esac|\}|\))(?:[\s;&|)]|$)")
"""No command begins so: where one seems to, the parser has lost its way."""
_OR = re.compile(r"^\s*#+\s*(?:or|alternatively)\b\W*$", re.IGNORECASE | re.MULTILINE)

_HOST = r"\[[\w.-]+@[^\]\n]*\]|[\w.-]+@[\w.-]+(?::[^\s$#%]*)?\s?|(?:ba|z)?sh-[\d.]+"
_PROMPT = re.compile(rf"\s*(?:\([\w.-]+\) ?)?(?:{_HOST})?[$%] (?P<command>.*)")
_HOST_ROOT = re.compile(rf"\s*(?:\([\w.-]+\) ?)?(?:{_HOST})# (?P<command>.*)")
_BARE_ROOT = re.compile(r"\s*# (?P<command>.*)")


class RawPart(msgspec.Struct, frozen=True):
    """One complete command of a block.

    Attributes:
        title: the comment lines above it without their marks, or "".
        text: exactly what the shell is given, without prompts.
        line: 0-based, from the first content line of the block.
        alternative: a comment above it says only "or".
    """

    title: str
    text: str
    line: int
    alternative: bool = False


def split(text: str, language: str) -> list[RawPart]:
    """Return the complete top-level commands of a block, in order.

    Compound commands, functions, here-documents, continuations, pipes and lists
    stay whole; commands that share a line are one part. Text that cannot be
    parsed is one part with everything. In a session, or where the first line
    carries a ``$`` prompt, only prompted lines and what continues them are
    commands: the rest is sample output.
    """
    lines = text.split("\n")
    if language.lower() in SESSIONS:
        dollar = any(_prompted(line) for line in lines)
        return _split_session(lines, bare_root=not dollar)
    first = next((line for line in lines if not _is_comment(line)), "")
    if _prompted(first):
        return _split_session(lines, bare_root=False)
    return _split_script(lines)


def whole_refused(parts: Sequence[RawPart]) -> str:
    """Return why *parts* cannot run one after the other, or ""."""
    for place, part in enumerate(parts):
        if part.alternative or _OR.search(part.text):
            return (
                f"line {part.line + 1} is an alternative: the comment above it "
                'says only "or"; run one of them'
            )
        found = nature(part.text)
        if found.interactive:
            return f"line {part.line + 1} needs the terminal ({found.reason})"
        if found.endless and place < len(parts) - 1:
            return (
                f"line {part.line + 1} never ends ({found.reason}), so what "
                "follows it would not run"
            )
    return ""


def _split_script(lines: list[str]) -> list[RawPart]:
    root = tree(masked("\n".join(lines)))
    spans = [] if root.has_error else _spans(root, lines)
    if not spans or any(_MIDDLE.match(lines[start]) for start, _ in spans):
        spans = [(0, len(lines) - 1)]
    parts: list[RawPart] = []
    done = 0
    for start, end in spans:
        title, alternative = _title(lines[done:start])
        body = "\n".join(lines[start : end + 1])
        if not all(map(_is_comment, body.split("\n"))):
            text = body.lstrip()
            start += body[: len(body) - len(text)].count("\n")
            parts.append(RawPart(title, text, start, alternative))
        done = end + 1
    return parts


def _spans(root: Node, lines: list[str]) -> list[tuple[int, int]]:
    """Return first and last line of each part; no line but comments is left out."""
    rows = list(_rows(root))
    covered = {line for start, end in rows for line in range(start, end + 1)}
    rows += [
        (place, place)
        for place, line in enumerate(lines)
        if place not in covered and not _is_comment(line)
    ]
    spans: list[tuple[int, int]] = []
    for start, end in sorted(rows):
        if spans and (start <= spans[-1][1] or _continued(lines[start - 1])):
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _rows(root: Node) -> Iterator[tuple[int, int]]:
    for child in root.children:
        if child.type != "comment":
            end, column = child.end_point
            start = child.start_point[0]
            yield start, end - 1 if column == 0 and end > start else end


def _continued(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1 and not _is_comment(line)


def _is_comment(line: str) -> bool:
    line = line.lstrip()
    return not line or line.startswith("#")


def _title(lines: Sequence[str]) -> tuple[str, bool]:
    """Return the title that comment *lines* make for what follows, and "or"."""
    comments: list[str] = []
    gap = False
    for line in lines:
        comment = line.strip()
        if not comment:
            gap = bool(comments)
        elif comment.startswith("#!"):
            continue
        else:
            comments = [comment] if gap else [*comments, comment]
            gap = False
    words = (comment.lstrip("#").strip() for comment in comments)
    alternative = any(_OR.match(line) for line in lines)
    return " ".join(word for word in words if word), alternative


def _split_session(lines: list[str], *, bare_root: bool) -> list[RawPart]:
    parts: list[RawPart] = []
    comments: list[str] = []
    place = 0
    while place < len(lines):
        start = place
        match = _prompted(lines[place], bare_root=bare_root)
        place += 1
        if match is None:
            is_comment = lines[start].lstrip().startswith("#")
            comments = [*comments, lines[start]] if is_comment else []
            continue
        text = match["command"].lstrip()
        if not _is_complete(text):
            following = []
            for line in lines[place : place + LOOKAHEAD_LINES]:
                if _prompted(line, bare_root=bare_root) and not _in_document(text):
                    break
                following.append(line)
            text, taken = _finish(text, following)
            place += taken
        if not _is_comment(text):
            title, alternative = _title(comments)
            parts.append(RawPart(title, text, start, alternative))
        comments = [*comments, text] if text.startswith("#") else []
    return parts


def _prompted(line: str, *, bare_root: bool = False) -> re.Match[str] | None:
    """Return the match, whose ``command`` follows the prompt of *line*, if any."""
    match = _PROMPT.match(line) or _HOST_ROOT.match(line)
    return match or (_BARE_ROOT.match(line) if bare_root else None)


def _in_document(text: str) -> bool:
    return "<<" in text


def _is_complete(text: str) -> bool:
    return not (
        _continued(text)
        or text.rstrip().endswith(("|", "&&", "||"))
        or tree(masked(text)).has_error
    )


def _finish(text: str, following: Sequence[str]) -> tuple[str, int]:
    """Return *text* with the lines that complete it, and how many those are.

    If nothing completes it, what a continuation prompt or a backslash ties to
    it is taken, and no more.
    """
    tied, tied_lines = text, 0
    prompted = bool(following) and following[0].startswith(">")
    for taken, line in enumerate(following, 1):
        if prompted and not line.startswith(">"):
            break
        ties = prompted or _continued(text)
        text += "\n" + (re.sub("^> ?", "", line) if prompted else line)
        if ties and tied_lines == taken - 1:
            tied, tied_lines = text, taken
        if _is_complete(text):
            return text, taken
        if len(text) > LOOKAHEAD_CHARACTERS:
            break
    return tied, tied_lines
