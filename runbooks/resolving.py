"""Filling parameters with what only the target knows, its secrets included."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from runbooks.references import fill, references
from runbooks.target import Target


async def resolved(
    parameters: Mapping[str, Any],
    verbatim: Collection[str],
    target: Target,
    fetch: Callable[[str], Awaitable[str]],
) -> dict[str, Any]:
    """Return *parameters* with every reference replaced.

    Args:
        verbatim: names of parameters that are left alone.
        fetch: returns the secret that the profile has under a dotted name, and sees
            to it that nobody says it.

    Raises:
        ProbeError: the profile does not say, or a secret cannot be fetched.
    """
    found: dict[str, Any] = {}
    for name, value in parameters.items():
        if name in verbatim:
            found[name] = value
            continue
        wanted = [named for named in references(value) if named in target.secrets]
        secrets = {named: await fetch(named) for named in wanted}
        found[name] = fill(value, target, secrets)
    return found
