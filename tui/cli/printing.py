"""Text for people who have no screen: foreign text made safe, colour if it fits.

All that is printed is printed here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from tui.display import display_text


class Painted(NamedTuple):
    """Words in a colour, as click calls it."""

    text: str
    colour: str


Line = Sequence[str | Painted]
"""The pieces of one line."""


def say(*line: str | Painted) -> None:
    """Print one line of text that may hold foreign characters."""
    print("".join(map(_shown, line)), flush=sys.stdout.isatty())


def complain(text: str, who: str = "gonogo: ", lines: bool = False) -> None:
    """Print one line on stderr, or several of them."""
    print(f"{who}{display_text(text, lines=lines)}", file=sys.stderr, flush=True)


def write(text: str) -> None:
    """Print a piece of text, with no new line after it."""
    sys.stdout.write(display_text(text, lines=True))


def ask(question: str, default: str | None = None, of: Sequence[str] = ()) -> str:
    """Return what a person types.

    Args:
        default: what stands for no answer, and is shown unless it is empty; None to
            ask until there is one.
        of: the answers that there are; any, where it is empty.
    """
    import click

    # An answer that is taken as it stands is shown as it is typed: marked.
    asked = display_text(question)
    if default:
        asked += f" [{display_text(default)}]"
    kind = click.Choice(of) if of else None
    return str(click.prompt(asked, type=kind, default=default, show_default=False))


def agreed(question: str) -> bool:
    """Return whether a person says yes."""
    import click

    return click.confirm(display_text(question), default=False)


def _shown(piece: str | Painted) -> str:
    if isinstance(piece, str):
        return display_text(piece)
    safe = display_text(piece.text)
    if not piece.colour or not _colourful():
        return safe
    from click import style

    return style(safe, fg=piece.colour)


@cache
def _colourful() -> bool:
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") in (None, "", "dumb")
    return not plain and sys.stdout.isatty()
