"""``KEY=VALUE`` words of a command line, with values as in TOML or plain."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

import click


def read_parameters(words: Iterable[str]) -> dict[str, Any]:
    """Return the values by key.

    Raises:
        click.UsageError: a word is no ``KEY=VALUE``.
    """
    found: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise click.UsageError(f"{word!r} is not KEY=VALUE.")
        try:
            found[key] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            found[key] = text
    return found
