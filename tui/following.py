"""Handing on what a supervised process prints, until it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.told import OutputCame, Told

if TYPE_CHECKING:
    from runbooks.commands import Ending, Running

FLUSH = 1 / 20
"""Seconds between two looks at what a command printed."""
AT_ONCE = 256 * 1024
"""Bytes of output handed on in one go; a command that prints more is skipped
through on the screen and kept whole on disk."""


async def follow(
    running: Running,
    tell: Callable[[Told], None],
    look: Callable[[], None] = lambda: None,
) -> Ending:
    """Return how it ended, once all that it printed is handed on.

    Args:
        look: called each time, for what else there is to see of it.
    """
    from runbooks.commands import Tail

    tail = Tail(running.output)
    while True:
        ending = running.ending()
        data, skipped = tail.read(AT_ONCE)
        look()
        if data or skipped:
            tell(OutputCame(running.id, data, skipped))
        elif ending is not None:
            return ending
        await asyncio.sleep(0 if ending else FLUSH)
