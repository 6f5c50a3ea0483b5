"""What a profile says, key by key as text: to tell later what of it was changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runbooks.secrets import Secret, named
from runbooks.target import Target


def words(target: Target) -> dict[str, str]:
    """Return dotted name to value of everything that the profile says.

    A secret is the place where it is kept: the profile holds no more of it.
    """
    tables = {
        "facts": target.facts,
        "vars": {k: "a secret" if named(k) else v for k, v in target.vars.items()},
        "thresholds": target.thresholds,
        **target.tables,
    }
    return dict(_words("", tables))


def _words(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping):
            yield from _words(name, value)
        elif isinstance(value, Secret):
            yield name, f"secret from {value.kind} {value.where}"
        else:
            yield name, str(value)
