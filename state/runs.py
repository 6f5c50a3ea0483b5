"""The runs under a state home, from the heads of their progress.toml.

Reading whole journals would take seconds with 200 runs of a long night.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runbooks.errors import GonogoError, NewerState, StateError
from runbooks.model import Runbook
from state.locations import cannot
from state.progress import Progress
from state.record import PROGRESS

HEAD = 8192
"""Bytes of progress.toml that surely hold its ``[run]`` table."""
TAIL = 1 << 16
"""Bytes of the journal that hold its last event, unless that is a huge one."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One run, for a list.

    Attributes:
        runbook: path of the document.
        done, total: steps of the gate that count as done, and all of them.
        by, at: who acted last and when, ISO 8601.
        problem: why it cannot be used, or "".
        newer: it cannot, because a newer gonogo wrote it.
    """

    directory: Path
    runbook: Path
    title: str
    target: str
    done: int
    total: int
    by: str
    at: str
    problem: str = ""
    newer: bool = False

    @property
    def unfinished(self) -> bool:
        return self.done < self.total or bool(self.problem)


def runs(home: Path) -> list[Summary]:
    """Return the runs under the state home *home*, the last touched first.

    Raises:
        StateError: the state home cannot be read.
    """
    try:
        with os.scandir(home / "runs") as entries:
            directories = [Path(entry.path) for entry in entries if entry.is_dir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise cannot("read", home / "runs", error) from error
    found = [summary(directory) for directory in directories]
    return sorted(found, key=lambda s: s.at or s.directory.name, reverse=True)


def latest(home: Path, runbook: Runbook, target: str) -> Path | None:
    """Return the unfinished run of this document and target touched last, or None.

    A run in which everything is decided goes on while a command of it does. One
    that a newer gonogo wrote counts: opening it says so, a second one would hide it.

    Raises:
        StateError: the state home, or the journal of that run, cannot be read.
    """
    from state.replaying import replay

    path = runbook.path.resolve()
    same = [
        found
        for found in runs(home)
        if found.runbook == path and found.target == target
        if found.newer or not found.problem
    ]
    if same and not same[0].unfinished and replay(same[0].directory).running:
        return same[0].directory
    return next((found.directory for found in same if found.unfinished), None)


def summary(directory: Path) -> Summary:
    """Return what the head of one run's progress.toml says."""
    try:
        run = _head(directory / PROGRESS)
        newer = _newer(directory, run)
        return Summary(
            directory,
            Path(str(run["runbook"])),
            str(run["title"]),
            str(run["target"]),
            int(run["done"]),
            int(run["total"]),
            str(run["by"]),
            str(run["at"]),
            newer,
            bool(newer),
        )
    except (StateError, KeyError, ValueError, TypeError) as error:
        reason = str(error) if isinstance(error, StateError) else "its head is damaged"
        return _unreadable(directory, reason)


def _newer(directory: Path, run: Mapping[str, Any]) -> str:
    """Return that a newer gonogo wrote the run, as a sentence, or ""."""
    from state.lines import decoded
    from state.reading import refuse_newer
    from state.replaying import JOURNAL

    try:
        refuse_newer(run)
        with (directory / JOURNAL).open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
            for last in file.read().split(b"\n")[-2:-1]:  # the very last may be torn
                decoded(last)
    except NewerState as error:
        return str(error)
    except OSError:
        return ""  # said when the run is opened
    return ""


def _head(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(HEAD)
    except OSError as error:
        raise cannot("read", path, error) from error
    import tomllib

    text = data.decode("utf-8", "ignore")
    begin = text.index("[run]")
    end = text.find("\n[", begin)
    table = tomllib.loads(text[begin : end if end > 0 else len(text)])["run"]
    if not isinstance(table, dict):
        raise ValueError("[run] is no table")
    return table


def _unreadable(directory: Path, reason: str) -> Summary:
    """Return what journal and document say where progress.toml says nothing."""
    from state.parsed import read
    from state.replaying import replay
    from state.verdict import verdict

    done = total = 0
    state = Progress()
    try:
        state = replay(directory)
        if state.seq:
            reason = ""
            now = datetime.now(UTC)
            answer = verdict(read(Path(state.runbook)), state.steps, now)
            done, total = answer.done, answer.total
    except GonogoError as error:
        reason = str(error)
    return Summary(
        directory,
        Path(state.runbook),
        state.title,
        state.target,
        done,
        total,
        state.acted_by,
        state.acted_at,
        reason,
    )
