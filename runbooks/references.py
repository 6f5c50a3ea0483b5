"""References of a runbook to the target profile: ``${api.url}/health``.

A name has at least one dot, so that a shell's ``${HOME}`` is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from runbooks.errors import ProbeError
from runbooks.target import Target, lookup

_REFERENCE = re.compile(r"\$\{([A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+)\}")
_BRACES = re.compile(r"\$\{[^}]*\}?")


def fill(value: Any, target: Target, secrets: Mapping[str, str] | None = None) -> Any:
    """Replace ``${table.key}`` in texts, lists and tables by what the profile says.

    A text that is nothing but a reference takes the profile's value as it is, so
    that a port stays a number.

    Args:
        secrets: values by dotted name; references to others are left as they are.

    Raises:
        ProbeError: the profile does not say.
    """
    if isinstance(value, list):
        return [fill(item, target, secrets) for item in value]
    if isinstance(value, dict):
        return {key: fill(item, target, secrets) for key, item in value.items()}
    if not isinstance(value, str):
        return value

    def said(match: re.Match[str]) -> Any:
        if match[1] in target.secrets:
            return (secrets or {}).get(match[1], match[0])
        return lookup(target, match[1])

    whole = _REFERENCE.fullmatch(value)
    return said(whole) if whole else _REFERENCE.sub(lambda m: str(said(m)), value)


def variables(declared: Mapping[str, str], target: Target) -> dict[str, str]:
    """Return the variables that a runbook declares, ``${table.key}`` in them filled.

    What the profile does not say, or says as a secret, is left out: a command then
    finds the variable unset and takes its own default, ``${NAME:-…}``.
    """
    said = {}
    for name, value in declared.items():
        if not any(named in target.secrets for named in references(value)):
            with suppress(ProbeError):
                said[name] = str(fill(value, target))
    return said


def references(value: Any) -> list[str]:
    """Return the dotted names that *value* refers to, in order."""
    if isinstance(value, list):
        return [name for item in value for name in references(item)]
    if isinstance(value, dict):
        return [name for item in value.values() for name in references(item)]
    return _REFERENCE.findall(value) if isinstance(value, str) else []


def misspelt(value: Any) -> str:
    """Return the first ``${…}`` in *value* that is no reference, or ""."""
    if isinstance(value, list | dict):
        items = value.values() if isinstance(value, dict) else value
        return next((found for item in items if (found := misspelt(item))), "")
    if isinstance(value, str):
        match = _BRACES.search(_REFERENCE.sub("", value))
        return match[0] if match else ""
    return ""
