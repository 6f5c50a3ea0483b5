"""A little traffic, so that counters count and the cache holds something."""

from __future__ import annotations

import asyncio
import ssl
import urllib.request
from collections.abc import Sequence

from runbooks.errors import CommandError
from runbooks.rehearsal.layout import Layout

_CACHED = "/videos/00000000-0000-4000-8000-000000000201/transcript?mode=raw"
_PATHS = (
    *3 * (_CACHED,),
    *3 * ("/videos/00000000-0000-4000-8000-000000000202/transcript?mode=raw",),
    "/videos/00000000-0000-4000-8000-000000000201/transcript.srt",
    "/search?q=countdown&limit=5",
    "/health/detailed",
)


async def browse(layout: Layout) -> None:
    """Ask the API what people ask it, about a tenth of what it allows in a minute.

    Raises:
        CommandError: it refused.
    """
    await _asked(layout, _PATHS)


async def read_again(layout: Layout) -> None:
    """Ask for something that the cache holds by now.

    Raises:
        CommandError: it refused.
    """
    await _asked(layout, 3 * (_CACHED,))


async def _asked(layout: Layout, paths: Sequence[str]) -> None:
    try:
        await asyncio.to_thread(_ask, layout, paths)
    except OSError as error:
        raise CommandError(f"The rehearsal's API does not answer: {error}") from error


def _ask(layout: Layout, paths: Sequence[str]) -> None:
    context = ssl.create_default_context(cafile=layout.path("tls", "ca.pem"))
    for path in paths:
        address = layout.url("api") + path
        with urllib.request.urlopen(address, context=context, timeout=5) as answer:
            answer.read()
