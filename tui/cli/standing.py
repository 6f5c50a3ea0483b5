"""Where a runbook's last run stands, read without taking part in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from runbooks.errors import NewerState, StateError

if TYPE_CHECKING:
    from runbooks.model import Runbook
    from runbooks.target import Target
    from state.progress import Progress
    from state.standing import StepState


def last_progress(
    runbook: Runbook, target: str | None, home: Path | None
) -> Mapping[str, StepState]:
    """Return the progress of the unfinished run of *runbook*, empty without one.

    Raises:
        StateError: the run's files cannot be read.
    """
    from runbooks.target import load
    from state.locations import home_of_runs
    from state.runs import latest
    from state.trust import TrustStore

    name = load(target, runbook, TrustStore().covers_profile).name
    directory = latest(home_of_runs(home), runbook, name)
    return progress_of(directory).steps if directory else {}


def find_run(name: str, home: Path) -> Path:
    """Return the directory of the run called *name*: an id under *home*, or a path.

    Raises:
        StateError: there is none.
    """
    for directory in (Path(name), home / "runs" / name):
        if (directory / "journal.jsonl").is_file():
            return directory
    raise StateError(f"There is no run {name} in {home}; 'gonogo runs' lists them.")


def progress_of(directory: Path) -> Progress:
    """Return what the journal of the run in *directory* adds up to.

    Raises:
        StateError: it cannot be read.
        NewerState: a newer gonogo wrote it.
    """
    from state.replaying import replay
    from state.runs import summary

    found = summary(directory)
    if found.newer:
        raise NewerState(f"{directory}: {found.problem}")
    return replay(directory)


def target_of(directory: Path, runbook: Runbook, found: Target) -> Target:
    """Return the profile of the run in *directory*, where nobody named one.

    Args:
        found: the one that would be used without the run.

    Raises:
        RefusedError: the run is against another, which is not known by name.
    """
    from runbooks.errors import RefusedError
    from runbooks.target import find, load
    from state.replaying import replay

    name = replay(directory).target
    if name == found.name:
        return found
    if name and find(name, runbook.path):
        return load(name, runbook)
    of = f"the target {name!r}" if name else "no target"
    raise RefusedError(
        f"{directory.name} is a run against {of}; name its profile with --target."
    )


def runbook_of(directory: Path) -> Path:
    """Return the path of the runbook that the run in *directory* walks.

    Raises:
        StateError: it cannot be read.
    """
    from state.replaying import replay

    return Path(replay(directory).runbook)
