"""The variables of shell text: which it reads, and which it leaves to what follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runbooks.grammar import text_of, walk
from runbooks.syntax import masked, tree
from runbooks.words import simple_commands, word
from runbooks.wrappers import unwrapped

if TYPE_CHECKING:
    from tree_sitter import Node

OF_THE_SHELL = frozenset(
    (
        *("BASHPID", "BASH_VERSION", "COLUMNS", "EUID", "GROUPS", "HOSTNAME"),
        *("HOSTTYPE", "IFS", "LINENO", "LINES", "MACHTYPE", "OLDPWD", "OSTYPE"),
        *("PIPESTATUS", "PPID", "PWD", "RANDOM", "SECONDS", "SHLVL", "UID"),
    )
)
"""Variables that the shell sets by itself."""
_READERS = frozenset(("read", "mapfile", "readarray", "getopts"))
_ANYTHING = frozenset((".", "source", "eval"))
_GONE = frozenset(
    ("subshell", "command_substitution", "process_substitution", "pipeline")
)
"""What is set in these is gone when they end."""
_MAYBE = frozenset(
    (
        *("if_statement", "case_statement", "while_statement", "for_statement"),
        *("list", "function_definition"),
    )
)
"""What is set in these depends on what happens."""


@dataclass(frozen=True, slots=True)
class Variables:
    """What a command has to do with variables.

    Attributes:
        read: those that it reads and does not set itself.
        sets: those that it leaves to later commands, with the value that it gives
            them, None where only running it tells.
        anything: it may set any variable, as ``source`` does.
    """

    read: tuple[str, ...]
    sets: Mapping[str, str | None]
    anything: bool


def variables(text: str) -> Variables:
    """Return what *text* reads and sets, as far as the text alone tells."""
    root = tree(masked(text))
    sets = {name: value for node in walk(root) for name, value in _set_by(node)}
    anything = "GONOGO_OUTPUT" in text
    for simple in simple_commands(root):
        bare, _ = unwrapped(simple)
        anything = anything or bare.name in _ANYTHING
        if bare.name in _READERS:
            plain = (word for word in bare.values if word.isidentifier())
            sets |= dict.fromkeys(plain)
    given: dict[str, int] = {}
    for node in walk(root):
        if node.type == "variable_assignment" and not _is_prefix(node):
            given.setdefault(_name(node), node.end_byte)
    asked = (n for n in walk(root) if n.type == "variable_name" and _is_read(n))
    read = dict.fromkeys(
        text_of(node)
        for node in asked
        if node.start_byte < given.get(text_of(node), node.end_byte)
    )
    names = tuple(name for name in read if name in given or name not in sets)
    return Variables(names, sets, anything)


def _set_by(node: Node) -> Iterator[tuple[str, str | None]]:
    """Yield the variable that *node* leaves set, and to what."""
    above = [each.type for each in _above(node)]
    if any(kind in _GONE for kind in above):
        return
    if node.type == "for_statement":
        variable = node.child_by_field_name("variable")
        if variable is not None:
            yield text_of(variable), None
    if node.type != "variable_assignment" or _is_prefix(node):
        return
    value = node.child_by_field_name("value")
    known = word(value).value if value is not None else ""
    if any(kind in _MAYBE for kind in above):
        known = None
    yield _name(node), known


def _above(node: Node) -> Iterator[Node]:
    above = node.parent
    while above is not None:
        yield above
        above = above.parent


def _is_prefix(assignment: Node) -> bool:
    """Whether it holds for one command alone, as in ``NAME=value command``."""
    return assignment.parent is not None and assignment.parent.type == "command"


def _name(assignment: Node) -> str:
    name = assignment.child_by_field_name("name")
    return text_of(name) if name is not None else ""


def _is_read(name: Node) -> bool:
    """Whether this is no variable that is merely named, as in ``export NAME``."""
    above = name.parent
    return above is not None and above.type not in (
        "variable_assignment",
        "for_statement",
        "declaration_command",
        "unset_command",
    )
