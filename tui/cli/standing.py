"""Where a runbook's last run stands, read without taking part in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runbooks.model import Runbook
    from state.standing import StepState


def last_progress(
    runbook: Runbook, target: str | None, home: Path | None
) -> Mapping[str, StepState]:
    """Return the progress of the unfinished run of *runbook*, empty without one.

    Raises:
        StateError: the run's files cannot be read.
    """
    from runbooks.target import load
    from state.locations import state_home
    from state.runs import latest

    name = load(target, runbook).name
    directory = latest(home or state_home(), runbook, name)
    return progress_of(directory) if directory else {}


def progress_of(directory: Path) -> Mapping[str, StepState]:
    """Return what the journal of the run in *directory* adds up to.

    Raises:
        StateError: it cannot be read.
    """
    from state.journal import Journal
    from state.lock import Lock
    from state.progress import Progress, apply

    progress = Progress()
    for event in Journal(
        directory / "journal.jsonl", Lock(directory / "lock")
    ).read_new():
        apply(progress, event)
    return progress.steps
