"""The shell parser (tree-sitter-bash), and what it must not see.

Documents hold words such as ``<pod-name>`` that a shell reads as redirections;
they are masked before the text is parsed, so that such a word neither swallows
the next line nor hides the rest of its own.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_ANGLE = re.compile(r"(?<![<&?\\])<([^\W\d_][^<>\n&;()$`\"'\\]{0,58}[\w.)…]|[^\W\d_])>")
_CLOSING = re.compile(r"</([^<>\s]{1,60})>")
_FILE = re.compile(r"[/.]")
_WORDED = re.compile(r"path|file|name|your|dir|url|version|host", re.IGNORECASE)
SMALL = 4096
BUDGET = 1.0
PACE = 1_000_000

_local = threading.local()


LARGEST = 256 * 1024
"""Bytes of a text that is read; a larger one is no command, and its tree would take
three hundred times as much memory."""


def tree(text: str) -> Node:
    """Return the root of *text* as bash reads it; columns count UTF-8 bytes.

    A text over `LARGEST` is as one with an error.

    The parser takes quadratic time to recover from some errors. A text over
    `SMALL` bytes that it cannot read within `BUDGET` seconds, and as much again
    for each `PACE` bytes, is as one with an error: its tree is that of ``(``.
    """
    parser: Parser | None = getattr(_local, "parser", None)
    if parser is None:
        import tree_sitter
        import tree_sitter_bash

        language = tree_sitter.Language(tree_sitter_bash.language())
        parser = _local.parser = tree_sitter.Parser(language)
    data = text.encode("utf-8", "replace")
    if len(data) > LARGEST:
        return parser.parse(b"(").root_node
    if len(data) <= SMALL:
        return parser.parse(data).root_node
    end = monotonic() + BUDGET * (1 + len(data) / PACE)
    try:
        return parser.parse(
            lambda start, _: data[start : start + SMALL],
            progress_callback=lambda *_: monotonic() > end,
        ).root_node
    except ValueError:
        parser.reset()
        return parser.parse(b"(").root_node


def angles(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of words such as ``<pod-name>`` that are meant to be filled in.

    ``sort <in >out``, ``sort <in>out`` and ``sort <in.txt> out.txt`` are
    redirections; so is whatever has no closing ``>`` on its line. Tags of
    markup (``<b>…</b>``) are left alone.
    """
    closed = set(_CLOSING.findall(text))
    for match in _ANGLE.finditer(text):
        inside, before = match[1], text[match.start() - 1 : match.start()]
        after = text[match.end() : match.end() + 2]
        if after[:1] in (">", "(", "&") and after:
            continue
        apart = not before or before.isspace()
        if (apart or before.isalnum()) and re.match(r"[^\W_]|[$~]", after):
            continue
        named_file = _FILE.search(inside) and not _WORDED.search(inside)
        if apart and named_file and re.match(r"[ \t][^-\s|&;<>#]", after):
            continue
        if "@" in inside or inside.split()[0] in closed:
            continue
        if text.endswith("#include ", 0, match.start()):
            continue
        yield match.span()


def masked(text: str) -> str:
    """Return *text*, no longer or shorter, with each `angles` word made a plain one."""
    if "<" not in text:
        return text
    pieces: list[str] = []
    done = 0
    for start, end in angles(text):
        pieces += text[done:start], re.sub(r"[!-,:-@\[-`{-~ \t]", "_", text[start:end])
        done = end
    return "".join(pieces) + text[done:]
