"""Who else has this run open: counted from its journal, without asking anybody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runbooks.events import Event, Kind
from runbooks.processes import boot_id, start_time

MARKS = (b'"run_opened"', b'"run_closed"')


class Others:
    """Those who opened this run on this machine, and whose process still lives.

    Args:
        by: who we are: ``host`` and ``pid``, as in events.
    """

    def __init__(self, by: Mapping[str, Any]) -> None:
        self._own = by.get("pid")
        self._host = by.get("host")
        self._boot = boot_id()
        self._pids: set[int] = set()

    def read(self, journal: Path) -> None:
        """Learn from *journal* who opened the run before us."""
        try:
            with journal.open("rb") as lines:
                for line in lines:
                    if any(mark in line for mark in MARKS):
                        said = json.loads(line)
                        self._take(said["kind"], said["by"], said["boot"])
        except (OSError, ValueError, KeyError):
            return  # the engine reads it too, and tells what is wrong with it

    def hear(self, event: Event) -> None:
        """Take note of who opened or closed the run just now."""
        self._take(event.kind, event.by, event.boot)

    def _take(self, kind: str, by: Mapping[str, Any], boot: str) -> None:
        pid = by.get("pid")
        if not isinstance(pid, int) or pid == self._own or by.get("host") != self._host:
            return
        if kind == Kind.RUN_OPENED and boot == self._boot:
            self._pids.add(pid)
        elif kind == Kind.RUN_CLOSED:
            self._pids.discard(pid)

    @property
    def number(self) -> int:
        """How many there are at this moment."""
        self._pids = {pid for pid in self._pids if start_time(pid) is not None}
        return len(self._pids)
