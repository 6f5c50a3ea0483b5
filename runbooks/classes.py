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
from runbooks.grammar import (
    MISREAD,
    is_glued,
    node_objection,
    shorten,
    text_of,
    walk,
)
from runbooks.options import Rule, options_of
from runbooks.readonly import READ_ONLY
from runbooks.syntax import tree
from runbooks.tables import CommandClass
from runbooks.words import Simple, Word, simple_commands
from runbooks.wrappers import unwrapped

if TYPE_CHECKING:
    from tree_sitter import Node

_RISKY_NAME = re.compile(
    r"PATH|IFS|ENV|HOME|BASH.*|SHELLOPTS|PS\d|PROMPT_COMMAND|.*PAGER|.*EDITOR|VISUAL"
    r"|BROWSER|GIT_.*|LESS.*|LD_.*|DYLD_.*|SSH_.*|CURL_HOME|XDG_.*|OPENSSL_.*|HELM_.*"
    r"|GCONV_PATH|LOCPATH|DOCKER_CONFIG|SYSTEMD_.*|KUBECTL_.*|TERMINFO.*|FPATH|ZDOTDIR"
    r"|.*OPTIONS|.*OPTS|.*\[.*"
)


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
        says = f"it says `{shorten(pattern)}`"
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


def _objection(text: str, defined: Collection[str]) -> tuple[str, str]:
    """Return why *text* is not known to be read-only, and else what it does."""
    root = tree(text)
    if root.has_error:
        return "the shell parser does not understand it", ""
    data = text.encode("utf-8", "replace")
    if MISREAD.search(text) or any(is_glued(n, data) for n in walk(root)):
        return "the shell parser may misread a backslash, # or end of line in it", ""
    own = set(defined)
    for node in walk(root):
        own.update(_defines(node))
    for node in walk(root):
        if problem := node_objection(node):
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


def _defines(node: Node) -> Iterator[str]:
    if node.type == "function_definition":
        name = node.child_by_field_name("name")
        yield text_of(name) if name is not None else ""
    elif node.type == "command" and text_of(node).startswith("alias"):
        yield from re.findall(r"['\"]?([^\s'\"=]+)=", text_of(node))


def _simple_objection(simple: Simple, own: Collection[str]) -> str:
    bare, _ = unwrapped(simple)
    for name in bare.assigned:
        if _RISKY_NAME.fullmatch(name):
            return f"setting `{shorten(name)}` changes what commands do"
    if not bare.words:
        return ""
    if bare.name is None:
        return f"`{shorten(bare.words[0].text)}` may be any command"
    name = bare.name
    if name in own or simple.name in own:
        return f"`{shorten(name)}` is defined anew"
    if name == "docker" and bare.values[:1] == ("compose",):
        bare = Simple(bare.words[1:], bare.assigned, bare.has_input)
        name = "docker-compose"
    rule = READ_ONLY.get(name)
    if rule is None:
        return f"`{_shown(simple)}` is not on the read-only list"
    return _rule_objection(bare, rule)


def _shown(simple: Simple) -> str:
    plain = (w.text for w in simple.words[:3] if not w.is_option)
    return shorten(" ".join(plain))


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
                return f"`{shorten(shown)}` is not on the read-only list"
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
            return f"`{shorten(word.text)}` may turn into options"
        if awaited:
            awaited = False
            continue
        if word.value == "--":
            operands += len(words) - place - 1
            break
        if not word.is_option:
            operands += 1
            if not rule.loose and word.value is None and not word.start:
                return f"`{shorten(word.text)}` may turn into options"
            continue
        options = (
            [(word.start.partition("=")[0], "")]
            if rule.whole
            else options_of(word, rule.takes)
        )
        for option, value in options:
            if option in rule.refuse or _abbreviates(option, rule):
                return f"`{shorten(option)}` is not for reading only"
            if rule.accept and option not in rule.accept:
                return f"`{shorten(option)}` is not known to be harmless"
            awaited = option in rule.takes and value == ""
        if not rule.loose and word.value is None and options[-1][1] is not None:
            return f"`{shorten(word.text)}` may turn into options"
    if rule.operands is not None and operands > rule.operands:
        return "with these arguments it may change something"
    return ""


def _abbreviates(option: str, rule: Rule) -> bool:
    return len(option) > 3 and any(long.startswith(option) for long in rule.refuse)
