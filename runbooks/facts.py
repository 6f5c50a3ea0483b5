"""Facts of the profile: which steps do not apply to this deployment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbooks.target import Target

BY_FACT = "by fact: "
"""Begins the reason of a step that does not apply."""
WORDS = ("platform", "gpu")
"""Facts whose value is a word; any other may be a number, or yes or no, too."""


def differing(when: Mapping[str, Any], target: Target) -> str:
    """Return why a step does not apply, such as ``platform is compose``, or "".

    A fact that the profile does not state rules nothing out.
    """
    for fact, wanted in when.items():
        if fact in target.facts:
            stated = _several(target.facts[fact])
            if not any(value in stated for value in _several(wanted)):
                said = " and ".join(str(value).lower() for value in stated) or "nothing"
                return f"{fact} is {said}"
    return ""


def impossible(when: Mapping[str, Any]) -> dict[str, str]:
    """Return, by name, the facts in *when* that no profile can match, and why."""
    wrong = {}
    for fact, wanted in when.items():
        values = _several(wanted)
        if not values:
            wrong[fact] = "an empty list matches nothing"
        elif fact in WORDS and not any(isinstance(value, str) for value in values):
            said = " or ".join(str(value).lower() for value in values)
            wrong[fact] = f"{said} is no word, and {fact} is one in every profile"
    return wrong


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
