"""The shell parser (tree-sitter-bash), and what it must not see.

Documents hold words such as ``<pod-name>`` that a shell reads as redirections;
they are masked before the text is parsed, so that such a word neither swallows
the next line nor hides the rest of its own.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_ANGLE = re.compile(r"(?<![<&?\\])<([^\W\d_][^<>\n&;()$`\"'\\]{0,58}[\w.)…]|[^\W\d_])>")
_FILE = re.compile(r"[/.]")
_WORDED = re.compile(r"path|file|name|your|dir|url|version|host", re.IGNORECASE)
_local = threading.local()


def tree(text: str) -> Node:
    """Return the root of *text* as bash reads it; columns count UTF-8 bytes."""
    parser: Parser | None = getattr(_local, "parser", None)
    if parser is None:
        import tree_sitter
        import tree_sitter_bash

        language = tree_sitter.Language(tree_sitter_bash.language())
        parser = _local.parser = tree_sitter.Parser(language)
    return parser.parse(text.encode("utf-8", "replace")).root_node


def angles(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of words such as ``<pod-name>`` that are meant to be filled in.

    ``sort <in >out``, ``sort <in>out`` and ``sort <in.txt> out.txt`` are
    redirections; so is whatever has no closing ``>`` on its line. Tags of
    markup (``<b>…</b>``) are left alone.
    """
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
        if "@" in inside or f"</{inside.split()[0]}>" in text:
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
