"""Readings that name things: absent when there is nothing to name."""

from __future__ import annotations

from collections.abc import Iterable

from runbooks.results import Reading


def names(reading: str, found: Iterable[str]) -> Reading:
    """Return one text that names what was *found*, in its order."""
    return Reading(reading, ", ".join(dict.fromkeys(found)) or None)
