"""Statements of others as people may read them: without what stands in quotes."""

from __future__ import annotations

import re

LONGEST = 240
"""Characters of a statement that are shown."""
# A quote may stand in a comment or in a name, so these are read past as a whole.
# https://www.postgresql.org/docs/16/sql-syntax-lexical.html
_TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<name>"(?:[^"]|"")*(?:"|\Z))
    |(?P<escaped>\b[eE]'(?:[^'\\]|''|\\.)*(?:'|\Z))
    |(?P<dollars>\$(?P<tag>[^\W\d]\w*)?\$.*?(?:\$(?(tag)(?P=tag))\$|\Z))
    |(?P<plain>'(?:[^']|'')*(?:'|\Z))""",
    re.DOTALL | re.VERBOSE,
)


def legible_statement(text: str) -> str:
    """Return a statement on one line, cut, its comments and quoted values left out.

    Values may be passwords, tokens and what people wrote; which query it is shows
    without them.
    """
    words = " ".join(_TOKEN.sub(_shown, text).split())
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}…"


def _shown(match: re.Match[str]) -> str:
    if match["comment"] is not None:
        return " "
    return match[0] if match["name"] is not None else "'…'"
