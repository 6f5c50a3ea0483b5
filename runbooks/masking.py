"""The secrets known at one time, and texts without them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Any

from runbooks.redaction import patterns, secret_values
from runbooks.sifting import Sieve

_EVER: dict[str, None] = {}
"""What any mask of this process hides: a crash may come upon all of it."""


class Mask:
    """Hides known values, in every encoding, and what looks like a secret.

    Safe to use from several threads.

    Args:
        ask: tells of more values; asked once, before the first text.
    """

    def __init__(self, ask: Callable[[], Iterable[str]] = tuple) -> None:
        self.ask: Callable[[], Iterable[str]] | None = ask
        self._secrets: dict[str, None] = {}
        self._sieve: Sieve | None = None
        self._guard = Lock()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that are hidden."""
        return tuple(self._secrets)

    def hide(self, *secrets: str) -> None:
        """Hide these values, too, from now on."""
        _EVER.update(dict.fromkeys(secrets))
        if not self._secrets.keys() >= set(secrets):
            self._secrets.update(dict.fromkeys(secrets))
            self._sieve = None

    def text(self, text: str) -> str:
        """Return *text* without what is hidden."""
        if not text:
            return text
        if self.ask:
            ask, self.ask = self.ask, None
            self.hide(*ask())
        with self._guard:
            self._sieve = sieve = self._sieve or Sieve(patterns(self._secrets))
            data = sieve.feed(text.encode("utf-8", "surrogatepass")) + sieve.flush()
        return data.decode("utf-8", "surrogatepass")

    def data(self, data: Any) -> Any:
        """Return plain data with every text in it as `text` returns it."""
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, Mapping):
            return {key: self.data(value) for key, value in data.items()}
        if isinstance(data, list | tuple):
            return [self.data(each) for each in data]
        return data


def of_this_process() -> Mask:
    """Return a mask that hides all that was hidden in this process, and its secrets."""
    return Mask(lambda: (*_EVER, *secret_values(os.environ)))
