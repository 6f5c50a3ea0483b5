"""Finds what a reader is meant to fill in, and fills it in without splicing.

A value never becomes part of the shell text: the text gets a quoted reference to
an environment variable that holds it. So the shell passes any value on as data.
What a *second* program makes of it (`bash -c`, `ssh`, `awk`, SQL) is that
program's: there a value is as much code as what the operator could have typed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from runbooks.syntax import angles, masked, tree

if TYPE_CHECKING:
    from tree_sitter import Node

_REMEMBERED = 64
"""Texts whose placeholders are remembered: a question asks for them some ten times."""
Context = Literal["bare", "double", "single", "ansi", "document", "fixed", "none"]

_REFERENCES: dict[Context, str] = {
    "bare": '"${%s}"',
    "double": "${%s}",
    "single": "'\"${%s}\"'",
    "ansi": "'\"${%s}\"$'",
    "document": "${%s}",
}

_NO_PLACE = frozenset(
    {
        "comment",
        "variable_name",
        "special_variable_name",
        "heredoc_start",
        "heredoc_end",
        "arithmetic_expansion",
        "subscript",
    }
)
"""Where a word is no data, or where a value would be evaluated as code."""

_BRACES = re.compile(r"\{\{[^{}\n]{1,80}\}\}")
_TEMPLATE = re.compile(
    r"\{\{-?\s*(?:[.$/]|(?:range|end|if|else|with|json|printf?|println|len|index|template"
    r"|define|include|join|upper|lower|title|split|toJson|block|table|truncate|slice"
    r"|decode|base64decode)\b)|\s\.\w"
)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ASKERS = (
    r"(?:dig|nslookup|host|ping|curl|wget|ssh|scp|nc|openssl|whois|traceroute|mtr)"
)
_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("left out", re.compile(r"(?<![^\s\"'=])(?:\.\.\.|…)(?![^\s\"'])")),
    (
        "`xxx` stands for something",
        re.compile(r"(?<!\w)(?:\w[\w.-]{0,200}?)?x{3}[\w.-]*(?<![.-])", re.I),
    ),
    (
        "it says `your`",
        re.compile(r"(?<![\w$.-])(?:YOUR|your|Your)[_-][\w.-]{0,100}(?<![.-])"),
    ),
    (
        "it is to be changed",
        re.compile(
            r"(?<![\w.-])(?:change_?-?me|replace_?-?me|TODO|FIXME)(?![\w-])", re.I
        ),
    ),
    (
        "reserved name (RFC 2606)",
        re.compile(
            rf"(?<![\w-])(?<!\w\.)(?:{_LABEL}\.){{0,20}}example\.(?:com|org|net)(?![\w-]|\.\w)"
        ),
    ),
    (
        "reserved name (RFC 2606)",
        re.compile(
            rf"(?:(?<=://)|(?<=@))(?:{_LABEL}\.){{1,20}}(?:test|example|invalid)(?![\w-]|\.\w)"
        ),
    ),
    (
        "reserved address (RFC 5737)",
        re.compile(
            r"(?<![\d.])(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}(?!\d|\.\d)"
        ),
    ),
    (
        "a name to fill in",
        re.compile(r"(?<=/)[\w-]{0,100}(?:[_-]name|NAME)[\w-]{0,100}(?:\.\w{1,8})+"),
    ),
    ("a path to fill in", re.compile(r"(?<![\w.-])/?path/to(?:/[\w.-]+)+(?<!\.)")),
)
_ASKED_HOST = re.compile(
    rf"^[^\n]{{0,80}}\b{_ASKERS}\s[^\n]{{0,300}}?(?<![\w./-])(?P<host>(?:{_LABEL}\.){{1,20}}"
    r"(?:test|example|invalid))(?![\w-]|\.\w)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Something to be filled in.

    Attributes:
        start, end: its place in the text, in characters.
        text: as written.
        variable: name of the environment variable that holds the value.
        why: a few words for the dialog.
    """

    start: int
    end: int
    text: str
    variable: str
    why: str


@lru_cache(_REMEMBERED)
def find(text: str) -> tuple[Placeholder, ...]:
    """Return what is to be filled in, in the order of *text*; equal texts share a name.

    Not in comments, nor where the shell would not expand a variable: see
    `unfillable`.
    """
    return tuple(p for p, context in _found(text) if context in _REFERENCES)


def unfillable(text: str) -> tuple[Placeholder, ...]:
    """Return what can only be filled in by editing *text*.

    That is what stands in a here-document with a quoted delimiter.
    """
    return tuple(p for p, context in _found(text) if context == "fixed")


def substitute(text: str, placeholders: Sequence[Placeholder]) -> str:
    """Return *text* with *placeholders* of it replaced by references to variables.

    Each is quoted for its context, so that the shell passes the value on as one
    word, or as that part of a word, whatever characters it holds.
    """
    shell = _Contexts(text)
    pieces: list[str] = []
    done = 0
    for placeholder in sorted(placeholders, key=lambda p: p.start):
        reference = _REFERENCES.get(shell.at(placeholder.start, placeholder.end))
        if reference is None or placeholder.start < done:
            continue
        pieces += text[done : placeholder.start], reference % placeholder.variable
        done = placeholder.end
    return "".join(pieces) + text[done:]


def _found(text: str) -> Iterator[tuple[Placeholder, Context]]:
    candidates = sorted(_candidates(text), key=lambda c: (c[0], -c[1]))
    if not candidates:
        return
    shell = _Contexts(text)
    names: dict[str, str] = {}
    done = 0
    for start, end, why in candidates:
        context = shell.at(start, end) if start >= done else "none"
        if context == "none":
            continue
        done = end
        word = text[start:end]
        if word not in names:
            names[word] = _variable(word, names.values())
        yield Placeholder(start, end, word, names[word], why), context


def _candidates(text: str) -> Iterator[tuple[int, int, str]]:
    for start, end in angles(text):
        yield start, end, "a word in angle brackets"
    for match in _BRACES.finditer(text):
        if not _TEMPLATE.search(match[0]):
            yield *match.span(), "a word in braces"
    for why, pattern in _WORDS:
        for match in pattern.finditer(text):
            yield *match.span(), why
    for match in _ASKED_HOST.finditer(text):
        yield *match.span("host"), "reserved name (RFC 2606)"


def _variable(word: str, taken: Collection[str]) -> str:
    name = re.sub(r"[^A-Za-z0-9]+", "_", word).strip("_").upper()[:60] or "VALUE"
    variable, number = f"GONOGO_{name}", 2
    while variable in taken:
        variable, number = f"GONOGO_{name}_{number}", number + 1
    return variable


class _Contexts:
    """What quoting rules hold at a place of a text."""

    def __init__(self, text: str) -> None:
        plain = _BRACES.sub(lambda m: "_" * len(m[0]), masked(text))
        self._root = tree(plain)
        self._text = "" if text.isascii() else plain

    def at(self, start: int, end: int) -> Context:
        if self._text:
            start = len(self._text[:start].encode("utf-8", "replace"))
            end = len(self._text[:end].encode("utf-8", "replace"))
        node = self._root.descendant_for_byte_range(start, end - 1)
        while node is not None:
            if node.type in _NO_PLACE:
                return "none"
            match node.type:
                case "string":
                    return "double"
                case "raw_string":
                    return "single"
                case "ansi_c_string":
                    return "ansi"
                case "heredoc_body":
                    return _document(node)
                case "command_substitution" | "process_substitution":
                    return "bare"
            node = node.parent
        return "bare"


def _document(body: Node) -> Context:
    redirect = body.parent
    for child in redirect.children if redirect is not None else ():
        if child.type == "heredoc_start":
            delimiter = (child.text or b"").decode()
            return "fixed" if set(delimiter) & set("'\"\\") else "document"
    return "fixed"
