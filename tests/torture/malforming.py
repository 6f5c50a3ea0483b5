"""Answers of the wrong shape: an honest one, changed at a random place."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

DEEP = 100_000
"""Brackets of an answer that is nested deeper than any decoder goes."""
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 7, 10**30, 1e308, "", "text", "-1", "\0", "é" * 300),
    *([], [None], [[]], {}, {"a": None}, {"": [{}]}, [{}], ["text", 7]),
    *("9" * 5000, "\ud800", "2026-13-45T99:99:99Z", "-99999d", "1e999", "NaN"),
)
"""What stands where something else belongs."""
BODIES: tuple[str | bytes, ...] = (
    *("", "null", "true", "7", '"text"', "[]", "{}", "[null]", "NaN", "[NaN]"),
    *("<html>a proxy's page</html>", "{", '{"a": 1,}', '{"a": 1}{"b": 2}', "\ufeff{}"),
    "[" * DEEP,
    '{"a":' * DEEP,
    "[" * DEEP + "]" * DEEP,
    "1" * 10_000,
    '{"status": "\\ud800"}',
    '{"status": "ä"}'.encode("latin-1"),
    json.dumps({"status": "success", "data": {}}).encode("utf-16"),
    b"\x1f\x8b\x08 this is no gzip",
    b"\xff\xfe\x00",
)
"""Whole answers that nobody should give."""


def malformed(honest: Any, dice: random.Random) -> Any:
    """Return *honest* with one to three places changed, or another body altogether.

    A text or bytes go out as they are, anything else as JSON.
    """
    if dice.random() < 0.1:
        return dice.choice(BODIES)
    if isinstance(honest, str | bytes):
        return cut(honest, dice)
    if dice.random() < 0.05:
        return cut(json.dumps(honest), dice)
    changed = [copy.deepcopy(honest)]
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        places = list(_places(changed))
        holder, key = dice.choice(places)
        # Fewer of the many names deep inside than of what holds them.
        if dice.random() < 0.2 and key != 0:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(dice.choice(VALUES))
    return changed[0]


def cut(text: str | bytes, dice: random.Random) -> str | bytes:
    """Return the beginning of a body."""
    return text[: dice.randrange(len(text) + 1)]


def body(answer: Any) -> bytes:
    """Return the bytes that go out."""
    if isinstance(answer, bytes):
        return answer
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return text.encode("utf-8", "surrogatepass")


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place of a value, as what holds it and the key or index there."""
    keys: Sequence[Any] = ()
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = range(len(value))
    for key in keys:
        yield value, key
        yield from _places(value[key])
