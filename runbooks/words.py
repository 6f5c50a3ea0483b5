"""The simple commands of shell text, each as its words.

Simple commands are found wherever they stand: in pipelines, lists, loops,
functions, substitutions. What a word is worth is told as far as the text alone
tells it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

_BRACES = re.compile(r"\{[^}]*(?:,|\.\.)[^}]*\}")
_QUOTED = frozenset({"string", "raw_string", "ansi_c_string", "translated_string"})


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command.

    Attributes:
        text: as written.
        value: what the command gets, or None where only the shell knows.
        start: the literal characters before the first expansion.
        splits: an unquoted expansion, so that it may become several words.
    """

    text: str
    value: str | None
    start: str
    splits: bool = False

    @property
    def is_option(self) -> bool:
        return self.start.startswith("-") and len(self.start) > 1


@dataclass(frozen=True, slots=True)
class Simple:
    """A simple command.

    Attributes:
        words: its name first; empty when there are only assignments.
        assigned: names of the variables that it sets or is given.
        has_input: its standard input is a pipe, a file or a here-document.
        cut_short: it ends when `head`, to which it is piped, has read enough.
    """

    words: tuple[Word, ...]
    assigned: tuple[str, ...] = ()
    has_input: bool = False
    cut_short: bool = False

    @property
    def name(self) -> str | None:
        return self.words[0].value if self.words else None

    @property
    def arguments(self) -> tuple[Word, ...]:
        return self.words[1:]

    @property
    def values(self) -> tuple[str, ...]:
        """The arguments as far as known: the source text where they are not."""
        return tuple(w.text if w.value is None else w.value for w in self.arguments)


def simple_commands(node: Node, has_input: bool = False) -> list[Simple]:
    """Return the simple commands under *node*, in the order of the text."""
    kind = node.type
    if kind == "command":
        return [_command(node, has_input), *_within(node)]
    if kind == "pipeline":
        found: list[Simple] = []
        for place, child in enumerate(node.named_children):
            these = simple_commands(child, has_input or place > 0)
            if any(simple.name == "head" for simple in these):
                found = [replace(simple, cut_short=True) for simple in found]
            found += these
        return found
    if kind == "redirected_statement":
        return _redirected(node, has_input)
    if kind == "heredoc_redirect":
        found = []
        for child in node.named_children:
            found += simple_commands(child, child.type in ("pipeline", "command"))
        return found
    if kind == "declaration_command":
        words = [Word(_text(node.children[0]), _text(node.children[0]), "")]
        words += [
            word(c)
            for c in node.named_children
            if c.type not in ("variable_assignment", "comment")
        ]
        assigned = tuple(_assigned(c) for c in node.named_children)
        return [
            Simple(tuple(words), tuple(filter(None, assigned))),
            *_within(node),
        ]
    if kind == "variable_assignment":
        return [Simple((), (_assigned(node),)), *_within(node)]
    return [
        s for child in node.named_children for s in simple_commands(child, has_input)
    ]


def word(node: Node) -> Word:
    """Return what *node*, an argument, is worth."""
    pieces = list(_pieces(node))
    start = ""
    for piece, _ in pieces:
        if piece is None:
            break
        start += piece
    text = _text(node)
    known = all(piece is not None for piece, _ in pieces)
    braces = node.type not in _QUOTED and bool(_BRACES.search(text))
    return Word(
        text,
        start if known and not braces else None,
        "" if braces else start,
        braces or any(piece is None and bare for piece, bare in pieces),
    )


def _pieces(node: Node) -> Iterator[tuple[str | None, bool]]:
    """Yield literal pieces, or None and whether it is unquoted for an expansion."""
    kind, text = node.type, _text(node)
    if kind in ("word", "number", "variable_name", "test_operator", "regex"):
        yield re.sub(r"\\(\n|.)", lambda m: m[1].strip("\n"), text), True
    elif kind == "raw_string":
        yield text[1:-1], False
    elif kind == "string":
        begin = node.start_byte
        done, raw = begin + 1, text.encode("utf-8", "replace")
        for child in node.named_children:
            if child.type != "string_content":
                yield _unescaped(raw[done - begin : child.start_byte - begin]), False
                yield None, False
                done = child.end_byte
        yield _unescaped(raw[done - begin : -1]), False
    elif kind in ("concatenation", "command_name"):
        done = node.start_byte
        for child in node.children:
            if child.start_byte > done:
                yield None, True
            yield from _pieces(child)
            done = child.end_byte
    else:
        yield None, kind != "ansi_c_string"


def _unescaped(raw: bytes) -> str:
    return re.sub(r'\\(["\\$`\n])', lambda m: m[1].strip("\n"), raw.decode())


def _command(node: Node, has_input: bool) -> Simple:
    words, assigned = [], []
    for child in node.children:
        if child.type == "variable_assignment":
            assigned.append(_assigned(child))
        elif child.type == "herestring_redirect":
            has_input = True
        elif child.type == "file_redirect":
            has_input = has_input or _is_input(child)
            words += _late_words(child)
        elif child.type != "comment":
            words.append(word(child))
    return Simple(tuple(words), tuple(assigned), has_input)


def _redirected(node: Node, has_input: bool) -> list[Simple]:
    body: list[Simple] = []
    rest: list[Simple] = []
    late: list[Word] = []
    for child in node.named_children:
        if child.type == "file_redirect":
            has_input = has_input or _is_input(child)
            late += _late_words(child)
            rest += _within(child)
        elif child.type in ("heredoc_redirect", "herestring_redirect"):
            has_input = True
            late += _late_words(child)
            rest += simple_commands(child)
    first = node.named_children[0] if node.named_children else None
    if first is not None and not first.type.endswith("_redirect"):
        # Redirections of a pipeline or a list are those of its last command.
        joined = first.type in ("pipeline", "list")
        body = simple_commands(first, has_input and not joined)
        if body:
            last = body[-1]
            words = (*last.words, *late)
            body[-1] = Simple(words, last.assigned, last.has_input or has_input)
    return body + rest


def _late_words(redirect: Node) -> list[Word]:
    """Return the arguments of the command that stand after a redirection."""
    if redirect.type == "file_redirect":
        late = redirect.children_by_field_name("destination")[1:]
        return [word(child) for child in late]
    found = [word(child) for child in redirect.children_by_field_name("argument")]
    for child in redirect.named_children:
        if child.type.endswith("_redirect"):
            found += _late_words(child)
    return found


def _is_input(redirect: Node) -> bool:
    return any(child.type in ("<", "<&") for child in redirect.children)


def _within(node: Node) -> list[Simple]:
    """Return the simple commands of the substitutions inside *node*."""
    found: list[Simple] = []
    for child in node.named_children:
        if child.type in ("command_substitution", "process_substitution"):
            found += [s for c in child.named_children for s in simple_commands(c)]
        else:
            found += _within(child)
    return found


def _assigned(node: Node) -> str:
    if node.type == "variable_name":
        return _text(node)
    name = node.child_by_field_name("name")
    return _text(name) if name is not None else ""


def _text(node: Node) -> str:
    return (node.text or b"").decode()
