"""Text for people who have no screen: foreign text made safe, colour if it fits."""

from __future__ import annotations

import os
import sys
from functools import cache

from tui.display import display_text


def say(text: str = "") -> None:
    """Print one line of text that may hold foreign characters."""
    print(display_text(text))


def complain(text: str) -> None:
    """Print one line on stderr."""
    print(f"gonogo: {display_text(text)}", file=sys.stderr, flush=True)


def paint(text: str, colour: str) -> str:
    """Return *text* as display text, coloured when a person looks at a terminal."""
    safe = display_text(text)
    if not colour or not _colourful():
        return safe
    from click import style

    return style(safe, fg=colour)


@cache
def _colourful() -> bool:
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") in (None, "", "dumb")
    return not plain and sys.stdout.isatty()
