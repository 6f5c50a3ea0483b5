"""What this process starts or reaches, as Python's own audit hooks tell it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_STARTS = ("subprocess.Popen", "os.posix_spawn", "os.exec", "os.system", "os.fork")
_REACHES = ("socket.connect", "socket.getaddrinfo")
started: list[str] = []
"""What this process started or reached while `watched`."""
_watching = False


def _hook(event: str, args: Any) -> None:
    if _watching and event in _STARTS + _REACHES:
        started.append(f"{event} {args!r}"[:200])


sys.addaudithook(_hook)


@contextmanager
def watched() -> Iterator[None]:
    global _watching
    _watching = True
    try:
        yield
    finally:
        _watching = False
