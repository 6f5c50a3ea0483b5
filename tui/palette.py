"""The palette, from what has a key: declared once, in the table of keys."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.types import IgnoreReturnCallbackType


class BoundActions(Provider):
    """Every described binding that works where the palette was opened."""

    async def discover(self) -> Hits:
        for title, key, run in self._entries():
            yield DiscoveryHit(Content(title), run, title, f"Key: {key}")

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for title, key, run in self._entries():
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), run, title, f"Key: {key}")

    def _entries(self) -> Iterator[tuple[str, str, IgnoreReturnCallbackType]]:
        told = set()
        for node, binding, enabled, _ in self.screen.active_bindings.values():
            # Without an id it is Textual's own; with several keys it comes often.
            if enabled and binding.id and binding.description not in told:
                told.add(binding.description)
                run = partial(self.app.run_action, binding.action, node)
                yield binding.description, self.app.get_key_display(binding), run
