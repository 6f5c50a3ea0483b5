"""The palette, from what has a key: declared once, in the table of keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from textual import work
from textual.command import (
    CommandPalette,
    DiscoveryHit,
    Hit,
    Hits,
    Provider,
)
from textual.css.query import NoMatches
from textual.types import IgnoreReturnCallbackType

from tui.display import content
from tui.screens.left_once import LeftOnce


class Palette(CommandPalette, LeftOnce[None]):
    """Textual's palette, for keys that come faster than it is drawn."""

    def _action_command_list(self, action: str) -> None:
        # Textual looks for a line of its list that has not been laid out yet.
        with suppress(KeyError):
            super()._action_command_list(action)

    @work(exclusive=True, group=CommandPalette._GATHER_COMMANDS_GROUP)
    async def _gather_commands(self, search_value: str) -> None:
        # It may be left, and its list be gone, at any moment of this.
        with suppress(NoMatches):
            gather = CommandPalette._gather_commands.__wrapped__  # type: ignore[attr-defined]
            await gather(self, search_value)


class BoundActions(Provider):
    """Every described binding that works where the palette was opened."""

    async def discover(self) -> Hits:
        for title, key, run in self._entries():
            yield DiscoveryHit(content(title), run, title, f"Key: {key}")

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
