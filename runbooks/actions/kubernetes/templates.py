"""What tells two pod templates apart, for people to read before they agree.

Every difference is told, image, environment and resources first. Values that may be
secret are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runbooks.changes import Change
from runbooks.probes.kubernetes.objects import Object
from runbooks.redaction import secret_values
from runbooks.secrets import literal

ABSENT = "not there"
HIDDEN = "[redacted]"
_LONGEST = 80
"""Characters of a value that are told."""
_FIRST = ("image", "env", "envFrom", "resources")
_UNSAID = ("metadata", "spec", "containers")
"""Parts of a place that go without saying."""


def differences(before: Object, after: Object) -> tuple[Change, ...]:
    """Return what becomes different where one template takes the place of another."""
    old, new = dict(_leaves(before, ())), dict(_leaves(after, ()))
    changed = [each for each in {**old, **new} if old.get(each) != new.get(each)]
    return tuple(
        Change(
            " ".join(part for part in place if part not in _UNSAID),
            _shown(place, old.get(place)),
            _shown(place, new.get(place)),
        )
        for place in sorted(changed, key=_importance)
    )


Place = tuple[str, ...]


def _leaves(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """Yield every single value with its place.

    Things of a list are known by their names, as strategic merge patches know them.
    """
    if isinstance(value, dict):
        for key, held in value.items():
            yield from _leaves(held, (*place, str(key)))
    elif isinstance(value, list):
        for number, held in enumerate(value):
            named = held.get("name") if isinstance(held, dict) else None
            rest = held
            if named:
                rest = {key: said for key, said in held.items() if key != "name"}
                if set(rest) == {"value"}:
                    rest = rest["value"]
            yield from _leaves(rest, (*place, str(named or number)))
    else:
        yield place, value


def _importance(place: Place) -> tuple[int, Place]:
    ranks = [_FIRST.index(part) for part in place if part in _FIRST]
    return (min(ranks, default=len(_FIRST)), place)


def _shown(place: Place, value: Any) -> str:
    if value is None:
        return ABSENT
    text = str(value)
    names = [part for part in place if part != "value"]
    name = names[-1] if names else ""
    if secret_values({name: text}) or literal("", name, text):
        return HIDDEN
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
