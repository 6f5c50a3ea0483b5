"""The Markdown parser, and plain text of inline Markdown: what a reader sees."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, reference, table
from markdown_it.token import Token

from runbooks.found import MAX_NESTING

_MARKUP = re.compile(r"[\\*_<&\[\]]|~~")
_INDENT = re.compile(r"\n[ \t]+")
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|br|center|code|del|details|div|em|font|hr|i|img|input|ins|kbd"
    r"|mark|p|q|s|small|span|strike|strong|sub|summary|sup|tt|u|var|wbr)\b[^>]*>|<!--.*",
    re.IGNORECASE | re.DOTALL,
)
"""Markup that browsers know. Anything else in angle brackets is a word to be read,
such as ``<pod-name>``."""


@cache
def commonmark() -> MarkdownIt:
    """Return the parser: CommonMark with GFM's tables and strikethrough.

    Link reference definitions are taken out of paragraphs by `definitions`:
    markdown-it's own rule would end the paragraph that they begin, so that a
    list could begin right after one, against the specification.
    """
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING})
    parser.enable(["table", "strikethrough"]).disable("reference")
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    return parser


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Find a table, but none of its cells: nobody asks for them, and one of 2,000
    columns has as many as a document has words.

    Where it ends is as in markdown-it's own rule.
    """
    if not table(state, start, end, True):
        return False
    if silent:
        return True
    outside, state.parentType = state.parentType, "table"
    terminators = state.md.block.ruler.getRules("blockquote")
    line = start + 2
    while line < end and state.sCount[line] >= state.blkIndent:
        if state.isEmpty(line) or state.is_code_block(line):
            break
        if any(rule(state, line, end, True) for rule in terminators):
            break
        line += 1
    state.push("table_open", "table", 1).map = [start, line]
    state.push("table_close", "table", -1)
    state.parentType = outside
    state.line = line
    return True


def definitions(content: str, env: MutableMapping[str, Any]) -> str:
    """Return a paragraph's *content* after the link definitions that begin it."""
    state = StateBlock(_INDENT.sub("\n", content), commonmark(), env, [])
    line = 0
    while line < state.lineMax and reference(state, line, state.lineMax, False):
        line = state.line
    return content.split("\n", line)[line] if line < state.lineMax else ""


def plain(content: str, references: Mapping[str, Any]) -> str:
    """Return the text of inline *content*, markup removed, on one line.

    Args:
        references: link reference definitions of the document.
    """
    quick = _without_code_marks(content)
    if quick is None:
        tokens = commonmark().parseInline(content, {"references": dict(references)})
        pieces: list[str] = []
        for token in tokens:
            _collect(token.children or [], pieces)
        quick = "".join(pieces)
    return " ".join(quick.split())


def _without_code_marks(content: str) -> str | None:
    """Return the text when code spans are its only markup, else None."""
    if "`" not in content:
        return None if _MARKUP.search(content) else content
    pieces = content.split("`")
    spans = pieces[1::2]
    if len(pieces) % 2 == 0 or not all(spans) or not all(pieces[2:-1:2]):
        return None
    if any(span[0].isspace() or span[-1].isspace() for span in spans):
        return None
    if any(_MARKUP.search(piece) for piece in pieces[::2]):
        return None
    return "".join(pieces)


def _collect(tokens: list[Token], pieces: list[str]) -> None:
    for token in tokens:
        if token.type in ("text", "text_special", "code_inline"):
            pieces.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            pieces.append(" ")
        elif token.type == "html_inline":
            pieces.append(_TAG.sub(" ", token.content))
        elif token.type == "image":
            _collect(token.children or [], pieces)
