"""From a path to a walk: the runbook read, its run found or begun, the engine made.

Nothing here needs a screen: the headless commands open runs the same way.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runbooks.asking import Place
from runbooks.gate import Door
from state.run import Run
from tui.engine import Engine
from tui.told import Told

if TYPE_CHECKING:
    from runbooks.model import Runbook
    from runbooks.target import Target

SHIPPED = Path(__file__).parent.parent / "runbooks" / "documents"
"""Where the runbooks that come with gonogo are."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line said about opening.

    Attributes:
        new: begin a new run even if an unfinished one is there.
        target: name of the target profile, or None for the document's default.
        home: directory that holds the runs.
    """

    home: Path
    new: bool = False
    target: str | None = None


def open_run(runbook: Runbook, target: Target, options: Options) -> tuple[Run, str]:
    """Find the unfinished run of this runbook and target, or begin one.

    Returns:
        the run, and one sentence on what changed since it was left ("" if new).

    Raises:
        StateError: the run's files cannot be read or written.
    """
    from state.resume import changes
    from state.runs import latest

    directory = None if options.new else latest(options.home, runbook, target.name)
    if directory is None:
        return Run.create(options.home, runbook, target.name), ""
    run = Run.open(directory, runbook)
    return run, changes(run, runbook).sentence


def make_engine(
    runbook: Runbook, run: Run, target: Target, tell: Callable[[Told], None]
) -> Engine:
    """The engine of one run, not started yet."""
    from runbooks.redaction import secret_values
    from runbooks.target import secret_values as target_secrets
    from state.locations import runtime_dir
    from state.verdict import unmet

    place = Place(
        outputs=run.directory / "outputs",
        context=runtime_dir() / f"{run.id}.context",
        started_in=_started_in(),
        secrets=(*secret_values(os.environ), *target_secrets(target)),
    )
    door = Door(
        runbook,
        target,
        run,
        place,
        inputs=lambda: run.inputs,
        unmet=lambda step_id: unmet(runbook, run.progress, step_id),
    )
    return Engine(runbook, run, target, door, tell)


def _started_in() -> Path:
    """Where gonogo was started, or the home directory when that has vanished."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path.home()
