"""A progress bar on stderr, where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def progress_bar(length: int) -> Iterator[Callable[[], None]]:
    """Yield what advances the bar by one; it vanishes at the end.

    Nothing is written where stderr is no terminal.
    """
    stream = sys.__stderr__  # beyond the wall: it moves the cursor in ways of its own
    if stream is None or not stream.isatty() or not length:
        yield lambda: None
        return
    with click.progressbar(length=length, label="looking", file=stream) as bar:
        yield lambda: bar.update(1)
    stream.write("\x1b[1A\x1b[2K")
    stream.flush()
