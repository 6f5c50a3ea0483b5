"""The secrets known at one time, and texts without them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from runbooks.redaction import patterns, redact


class Mask:
    """Hides known values, in every encoding, and what looks like a secret.

    Args:
        ask: tells of more values; asked once, before the first text.
    """

    def __init__(self, ask: Callable[[], Iterable[str]] = tuple) -> None:
        self.ask: Callable[[], Iterable[str]] | None = ask
        self._secrets: dict[str, None] = {}
        self._patterns: list[bytes] | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that are hidden."""
        return tuple(self._secrets)

    def hide(self, *secrets: str) -> None:
        """Hide these values, too, from now on."""
        if not self._secrets.keys() >= set(secrets):
            self._secrets.update(dict.fromkeys(secrets))
            self._patterns = None

    def text(self, text: str) -> str:
        """Return *text* without what is hidden."""
        if not text:
            return text
        if self.ask:
            ask, self.ask = self.ask, None
            self.hide(*ask())
        if self._patterns is None:
            self._patterns = patterns(self._secrets)
        data = redact(text.encode("utf-8", "surrogatepass"), self._patterns)
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
