"""Names that survive edits: slugs, unique ids, and digests that tell an edit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from hashlib import sha256

import msgspec

from runbooks.tables import ActionSpec, StepOptions

SLUG_LIMIT = 60
"""Characters; a longer slug is cut and told apart by a few digits of a digest."""

_NO_WORD = re.compile(r"[\W_]+")
_PLAIN = StepOptions()


def slug(text: str) -> str:
    """Return *text* as lower-case words joined by hyphens, letters of any script.

    Control and bidirectional characters are no letters, so none gets through.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    words = _NO_WORD.sub("-", text.lower()).strip("-")
    if len(words) <= SLUG_LIMIT:
        return words
    told_apart = sha256(words.encode()).hexdigest()[:6]
    return f"{words[: SLUG_LIMIT - 7].rstrip('-')}-{told_apart}"


class Names:
    """Gives each thing a name that no other has.

    Args:
        reserved: names that documents declare; only `claim` gives them away.
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._reserved = set(reserved)
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def claim(self, name: str) -> str:
        """Return the declared *name*, with a number when another thing has it."""
        if name in self._taken:
            return self.unique(name)
        self._taken.add(name)
        return name

    def unique(self, base: str) -> str:
        """Return *base*, or *base* with the next free number from 2 up."""
        name, number = base, self._next.get(base, 1)
        while name in self._taken or name in self._reserved:
            number += 1
            name = f"{base}-{number}"
        if number > 1:
            self._next[base] = number
        self._taken.add(name)
        return name


def step_digest(
    text: str,
    options: StepOptions,
    parts: Sequence[str] = (),
    actions: Sequence[ActionSpec] = (),
) -> str:
    """Return the sha256 (hex) that changes when what a step asks for changes.

    Args:
        parts: the texts of the attached parts.
    """
    if options is _PLAIN and not parts and not actions:
        return sha256(text.encode()).hexdigest()
    whole = msgspec.json.encode([text, options, parts, actions], order="sorted")
    return sha256(whole).hexdigest()
