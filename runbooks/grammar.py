"""What shell text may be made of to be taken for read-only.

Everything is listed that may occur, so that what is new to the parser, or to
this file, asks instead of running.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

SHOWN = 60
"""Most characters of the document in a reason."""

_PARTS_OF_SPEECH = """
program command command_name word number string string_content raw_string
ansi_c_string concatenation simple_expansion expansion variable_name
special_variable_name command_substitution process_substitution pipeline list
redirected_statement file_redirect heredoc_redirect heredoc_start heredoc_body
heredoc_content heredoc_end herestring_redirect file_descriptor comment
negated_command subshell compound_statement if_statement elif_clause else_clause
for_statement while_statement do_group case_statement case_item
function_definition variable_assignment declaration_command array test_command
unary_expression binary_expression negation_expression parenthesized_expression
test_operator extglob_pattern regex
"""
_NODES = frozenset(_PARTS_OF_SPEECH.split())
"""What a command that only reads may be made of."""

MISREAD = re.compile(r"^\s*\\|\\\s*#", re.MULTILINE)
"""Where tree-sitter-bash 0.25 is known to see other words than bash does."""

# A word that holds what would have ended it.
_GLUED = re.compile(r"(?<!\\)[<>|&;()`\n]")

_EXPANSION = re.compile(
    r"\$\{#?[A-Za-z_]\w*(?:\[[@*\d]\])?(?::?[-+?][^:]|[#%/]|\})", re.S
)
_HARMLESS_FILES = ("/dev/null", "/dev/stdout", "/dev/stderr")


def shorten(text: str) -> str:
    """Return *text* of the document in one line, short enough for a reason."""
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def walk(root: Node) -> Iterator[Node]:
    """Yield *root* and all nodes under it, in the order of the text."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.children))


def text_of(node: Node) -> str:
    """Return the source of *node*."""
    return (node.text or b"").decode()


def is_glued(node: Node, data: bytes) -> bool:
    """Whether bash would read *node* otherwise: a comment as the end of a word, or
    what stands on two lines as two commands.
    """
    if node.type in ("command", "declaration_command"):
        ends = (child.end_byte for child in node.children)
        starts = (child.start_byte for child in node.children[1:])
        gaps = (data[end:start] for end, start in zip(ends, starts, strict=False))
        return any(b"\n" in gap.replace(b"\\\n", b"") for gap in gaps)
    before = data[node.start_byte - 1 : node.start_byte]
    return node.type == "comment" and before.strip(b" \t\n;&|()`") != b""


def node_objection(node: Node) -> str:
    """Return why *node*, apart from its words, may do more than read, or ""."""
    kind = node.type
    if kind in ("==", "=~", "regex") and node.parent and node.parent.type == "command":
        return "the shell parser may misread an argument"
    if not node.is_named:
        # `(( ))` and `$(( ))` evaluate the values of variables as code.
        return "it computes with `((`" if kind in ("((", "$((", "$[") else ""
    if kind not in _NODES:
        return f"`{shorten(text_of(node))}` is not on the read-only list"
    if kind in ("word", "heredoc_start") and _GLUED.search(text_of(node)):
        return f"the shell parser may misread `{shorten(text_of(node))}`"
    if kind == "expansion" and not _EXPANSION.match(text_of(node)):
        return f"`{shorten(text_of(node))}` may set or run something"
    if kind == "file_redirect":
        return _redirect_objection(node)
    if kind == "test_operator" and text_of(node) in ("-v", "-R"):
        return f"`{text_of(node)}` may evaluate what a variable holds"
    if kind == "test_operator" and re.fullmatch("-(?:eq|ne|[lg][te])", text_of(node)):
        test = node.parent
        while test is not None and test.type != "test_command":
            test = test.parent
        if test is not None and test.children[0].type == "[[":
            return f"`[[ {text_of(node)} ]]` may evaluate what a variable holds"
    return ""


def _redirect_objection(node: Node) -> str:
    operators = [c.type for c in node.children if not c.is_named]
    target = node.child_by_field_name("destination")
    if operators and operators[0] in ("<", "<&", "<&-", ">&-"):
        return ""
    if target is None:
        return "it redirects to a place that is not known"
    name = text_of(target)
    if name in _HARMLESS_FILES or (operators == [">&"] and re.fullmatch(r"\d|-", name)):
        return ""
    return f"it writes to the file `{shorten(name)}`"
