"""Notices what looks like a task and is none."""

from __future__ import annotations

from runbooks.markdown import Found
from runbooks.model import Notice


def notices(text: str, found: Found) -> tuple[Notice, ...]:
    """Return a notice for each line of *text* that looks like a task and is none."""
    return ()
