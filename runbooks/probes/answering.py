"""The other end of a helper process: one answer in JSON, and nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import msgspec


def answer(ask: Callable[[], msgspec.Struct]) -> None:
    """Print what *ask* returns, whatever libraries print meanwhile.

    A C library that writes to stdout, or replaces stderr, must not spoil it.
    """
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "wb") as stdout:
        os.dup2(2, 1)
        stdout.write(msgspec.json.encode(ask()))
