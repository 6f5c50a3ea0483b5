"""Tells what a command may do: look, change, destroy.

A command is `observe` only if each of its simple commands is in the table of
runbooks/readonly.py, with options that keep it there. A guess may err towards
asking, never towards silence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runbooks.destructive import destructive
from runbooks.model import CommandClass
from runbooks.readonly import READ_ONLY, Rule, options_of
from runbooks.shell import tree
from runbooks.words import Simple, Word, simple_commands, unwrapped

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

_MISREAD = re.compile(r"^\s*\\|\\\s*#", re.MULTILINE)
"""Where tree-sitter-bash 0.25 is known to see other words than bash does."""

_GLUED = re.compile(r"(?<!\\)[<>|&;()`\n]")

_EXPANSION = re.compile(
    r"\$\{#?[A-Za-z_]\w*(?:\[[@*\d]\])?(?::?[-+?][^:]|[#%/]|\})", re.S
)
_RISKY_NAME = re.compile(
    r"PATH|IFS|ENV|HOME|BASH.*|SHELLOPTS|PS\d|PROMPT_COMMAND|.*PAGER|.*EDITOR|VISUAL"
    r"|BROWSER|GIT_.*|LESS.*|LD_.*|DYLD_.*|SSH_.*|CURL_HOME|XDG_.*|OPENSSL_.*|HELM_.*"
    r"|GCONV_PATH|LOCPATH|DOCKER_CONFIG|SYSTEMD_.*|KUBECTL_.*|TERMINFO.*|FPATH|ZDOTDIR"
    r"|.*OPTIONS|.*OPTS|.*\[.*"
)
_HARMLESS_FILES = ("/dev/null", "/dev/stdout", "/dev/stderr")


@dataclass(frozen=True, slots=True)
class Classified:
    """What a command may do.

    Attributes:
        inferred: the class is gonogo's guess, not what the document declares.
        reason: a few words for the dialog, at most `SHOWN` of them the document's.
    """

    command_class: CommandClass
    inferred: bool
    reason: str


def classify(
    text: str,
    declared: CommandClass | None = None,
    *,
    defined: Collection[str] = (),
) -> Classified:
    """Return the class of *text*, taken exactly as the shell would take it.

    A placeholder such as ``<pod-name>`` is a redirection here, as it is to the
    shell: for the class that the command has once they are filled in, give the
    substituted text. A declared class may raise without limit, but may lower
    only from mutate to observe.

    Args:
        defined: names of functions and aliases of the run's shell context;
            commands of these names are not those of the table.
    """
    objection, seen = _objection(text, defined)
    pattern = destructive(text) if objection else ""
    if pattern:
        says = f"it says `{_shorten(pattern)}`"
        if declared in (None, CommandClass.DESTRUCTIVE):
            reason = "declared" if declared else f"destructive: {says}"
            return Classified(CommandClass.DESTRUCTIVE, declared is None, reason)
        reason = f"declared {declared}, but {says}"
        return Classified(CommandClass.DESTRUCTIVE, True, reason)
    if declared:
        return Classified(declared, False, "declared")
    if objection:
        return Classified(CommandClass.MUTATE, True, f"mutate: {objection}")
    return Classified(CommandClass.OBSERVE, True, f"inferred: {seen}")


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _objection(text: str, defined: Collection[str]) -> tuple[str, str]:
    """Return why *text* is not known to be read-only, and else what it does."""
    root = tree(text)
    if root.has_error:
        return "the shell parser does not understand it", ""
    data = text.encode("utf-8", "replace")
    if _MISREAD.search(text) or any(_is_glued(n, data) for n in _walk(root)):
        return "a backslash or # stands where the shell parser may misread it", ""
    own = set(defined)
    for node in _walk(root):
        own.update(_defines(node))
    for node in _walk(root):
        if problem := _node_objection(node):
            return problem, ""
    names: list[str] = []
    for simple in simple_commands(root):
        if problem := _simple_objection(simple, own):
            return problem, ""
        name = unwrapped(simple)[0].name
        if name and name not in names:
            names.append(name)
    if not names:
        return "", "it only sets variables or tests"
    shown = ", ".join(f"`{name}`" for name in names[:3])
    more = " …" if len(names) > 3 else ""
    return "", f"{shown}{more} only {'reads' if len(names) == 1 else 'read'}"


def _walk(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.children))


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _defines(node: Node) -> Iterator[str]:
    if node.type == "function_definition":
        name = node.child_by_field_name("name")
        yield _text(name) if name is not None else ""
    elif node.type == "command" and _text(node).startswith("alias"):
        yield from re.findall(r"['\"]?([^\s'\"=]+)=", _text(node))


def _is_glued(node: Node, data: bytes) -> bool:
    """Whether *node* is a comment that bash would read as the end of a word."""
    before = data[node.start_byte - 1 : node.start_byte]
    return node.type == "comment" and before.strip(b" \t\n;&|()`") != b""


def _node_objection(node: Node) -> str:
    kind = node.type
    if not node.is_named:
        # `(( ))` and `$(( ))` evaluate the values of variables as code.
        return "it computes with `((`" if kind in ("((", "$((", "$[") else ""
    if kind not in _NODES:
        return f"`{_shorten(_text(node))}` is not on the read-only list"
    if kind in ("word", "heredoc_start") and _GLUED.search(_text(node)):
        return f"the shell parser may misread `{_shorten(_text(node))}`"
    if kind == "expansion" and not _EXPANSION.match(_text(node)):
        return f"`{_shorten(_text(node))}` may set or run something"
    if kind == "file_redirect":
        return _redirect_objection(node)
    if kind == "test_operator" and _text(node) in ("-v", "-R"):
        return f"`{_text(node)}` may evaluate what a variable holds"
    if kind == "test_operator" and re.fullmatch("-(?:eq|ne|[lg][te])", _text(node)):
        test = node.parent
        while test is not None and test.type != "test_command":
            test = test.parent
        if test is not None and test.children[0].type == "[[":
            return f"`[[ {_text(node)} ]]` may evaluate what a variable holds"
    return ""


def _redirect_objection(node: Node) -> str:
    operators = [c.type for c in node.children if not c.is_named]
    target = node.child_by_field_name("destination")
    if operators and operators[0] in ("<", "<&", "<&-", ">&-"):
        return ""
    if target is None:
        return "it redirects to a place that is not known"
    name = _text(target)
    if name in _HARMLESS_FILES or (operators == [">&"] and re.fullmatch(r"\d|-", name)):
        return ""
    return f"it writes to the file `{_shorten(name)}`"


def _simple_objection(simple: Simple, own: Collection[str]) -> str:
    bare, _ = unwrapped(simple)
    for name in bare.assigned:
        if _RISKY_NAME.fullmatch(name):
            return f"setting `{_shorten(name)}` changes what commands do"
    if not bare.words:
        return ""
    if bare.name is None:
        return f"`{_shorten(bare.words[0].text)}` may be any command"
    name = bare.name
    if name in own or simple.name in own:
        return f"`{_shorten(name)}` is defined anew"
    if name == "docker" and bare.values[:1] == ("compose",):
        bare = Simple(bare.words[1:], bare.assigned, bare.has_input)
        name = "docker-compose"
    rule = READ_ONLY.get(name)
    if rule is None:
        return f"`{_shown(simple)}` is not on the read-only list"
    return _rule_objection(bare, rule)


def _shown(simple: Simple) -> str:
    plain = (w.text for w in simple.words[:3] if not w.is_option)
    return _shorten(" ".join(plain))


def _rule_objection(simple: Simple, rule: Rule) -> str:
    words = list(simple.arguments)
    if rule.only:
        while words and words[0].is_option:
            option = words.pop(0)
            name, joined, _ = option.text.partition("=")
            if f"{name}=" in rule.before:
                del words[: 0 if joined else 1]
            elif name not in rule.before:
                shown = f"{simple.name} {option.text}"
                return f"`{_shorten(shown)}` is not on the read-only list"
        verbs = [word.value or "" for word in words[:2]]
        if verbs[:1] and verbs[0] in rule.only:
            del words[:1]
        elif " ".join(verbs) in rule.only:
            del words[:2]
        else:
            return f"`{_shown(simple)}` is not on the read-only list"
    problem = _options_objection(words, rule)
    problem = problem or (rule.check(simple) if rule.check else "")
    return f"`{simple.name}`: {problem}" if problem else ""


def _options_objection(words: list[Word], rule: Rule) -> str:
    operands = 0
    awaited = False
    for place, word in enumerate(words):
        if not rule.loose and (word.splits or word.text[:1] in ("*", "?", "[")):
            return f"`{_shorten(word.text)}` may turn into options"
        if awaited:
            awaited = False
            continue
        if word.value == "--":
            operands += len(words) - place - 1
            break
        if not word.is_option:
            operands += 1
            if not rule.loose and word.value is None and not word.start:
                return f"`{_shorten(word.text)}` may turn into options"
            continue
        options = (
            [(word.start.partition("=")[0], "")]
            if rule.whole
            else options_of(word, rule.takes)
        )
        for option, value in options:
            if option in rule.refuse or _abbreviates(option, rule):
                return f"`{_shorten(option)}` is not for reading only"
            if rule.accept and option not in rule.accept:
                return f"`{_shorten(option)}` is not known to be harmless"
            awaited = option in rule.takes and value == ""
        if not rule.loose and word.value is None and options[-1][1] is not None:
            return f"`{_shorten(word.text)}` may turn into options"
    if rule.operands is not None and operands > rule.operands:
        return "with these arguments it may change something"
    return ""


def _abbreviates(option: str, rule: Rule) -> bool:
    return len(option) > 3 and any(long.startswith(option) for long in rule.refuse)
