"""Regular expressions in the syntax of Go, as Python's `re` reads them."""

from __future__ import annotations

import re


def translated(expression: str) -> bytes:
    """Return *expression* for `re.compile`, with the same meaning on bytes.

    A flag such as ``(?i)`` in the middle holds to the end of its group, ``\\z`` is
    the end, and a bracket within brackets is a bracket.
    """
    out: list[str] = []
    opened = [""]
    """For each group that is open, the groups of ours to close with it."""
    at, in_set = 0, False
    while at < len(expression):
        char = expression[at]
        flags = re.compile(r"\(\?([ims]+)\)").match(expression, at)
        if char == "\\":
            pair = expression[at : at + 2]
            out.append(r"\Z" if pair == r"\z" else pair)
            at += 2
            continue
        if in_set:
            out.append(r"\[" if char == "[" else char)
            in_set = char != "]" or out[-2] in ("[", "[^")
        elif flags and at:
            out.append(f"(?{flags[1]}:")
            opened[-1] += out[-1]
            at = flags.end()
            continue
        elif char == "[":
            caret = expression[at + 1 : at + 2] == "^"
            out.append("[^" if caret else "[")
            at += caret
            in_set = True
        elif char == "(":
            opened.append("")
            out.append(char)
        elif char == "|":
            # The flag holds in the branches that follow, too.
            out.append(f"{_closed(opened[-1])}|{opened[-1]}")
        elif char == ")":
            out.append(f"{_closed(opened.pop())})")
        else:
            out.append(char)
        at += 1
    return ("".join(out) + _closed(opened[0])).encode()


def _closed(groups: str) -> str:
    return ")" * groups.count("(")
