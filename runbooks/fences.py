"""What a fenced block is to gonogo, by its info string."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

SHELLS = {
    "bash": "bash",
    "sh": "bash",
    "shell": "bash",
    "console": "bash",
    "shell-session": "bash",
    "zsh": "zsh",
}
"""Languages whose blocks are commands, and the shell that runs them."""

TABLES = ("runbook", "step", "action")
"""Second words that make a ``toml`` block a declaration."""


def words(info: str) -> list[str]:
    """Return the words of an info string before its ``{…}`` annotation."""
    return info.partition("{")[0].split()


def language(info: str) -> str:
    """Return the language as written, "" for none."""
    before = words(info)
    return before[0] if before else ""


@lru_cache(256)
def kind(info: str) -> Literal["shell", "table", "other"]:
    """Return whether a block is commands, a declaration, or neither."""
    before = words(info)
    if not before:
        return "other"
    name = before[0].lower()
    if name in SHELLS:
        return "shell"
    if name == "toml" and len(before) > 1 and before[1].lower() in TABLES:
        return "table"
    return "other"
