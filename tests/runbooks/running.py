"""Starting commands in tests, and waiting for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from runbooks.commands import Ending, Plan, Running, start

_numbers = count()


def begin(home: Path, text: str, **plan: Any) -> Running:
    """Start *text* with its files under *home*."""
    options = {"id": f"c{next(_numbers)}", "cwd": home, "outputs": home / "outputs"}
    return start(Plan(text=text, **{**options, **plan}))


def until(true: Callable[[], Any], seconds: float = 60) -> Any:
    """Return what *true* returns as soon as it is something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := true():
            return answer
        time.sleep(0.01)
    raise AssertionError(f"not within {seconds} s")


def run(home: Path, text: str, **plan: Any) -> tuple[Ending, bytes]:
    """Start *text* and wait for it; return how it ended and what it printed."""
    running = begin(home, text, **plan)
    ending = until(running.ending)
    return ending, running.output.read_bytes()


def gone(pid: int) -> bool:
    """Whether *pid* has ended, reaped or not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"
