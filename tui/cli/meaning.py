"""Which run and which step somebody means who names them on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runbooks.model import Runbook, Step


def run_meant(
    name: str | None, home: Path, target: str | None = None
) -> tuple[Path | None, Runbook]:
    """Return the directory of the run that is meant, and its runbook.

    Args:
        name: id or directory of a run, or the path of a runbook, which stands for the
            run of it that is unfinished, else for the one touched last; None for the
            run that was touched last.
        target: profile of the run, where a runbook is named.

    Returns:
        None for the directory, where a runbook is named that has no run.

    Raises:
        GonogoError: there is no such run, or its runbook cannot be read.
    """
    from runbooks.errors import StateError
    from runbooks.parsing import read
    from state.runs import latest, runs
    from tui.cli.standing import find_run, runbook_of
    from tui.opening import read_target

    if name is None:
        usable = [found.directory for found in runs(home) if not found.problem]
        if not usable:
            raise StateError(
                f"There is no run in {home} yet; name a runbook to begin one."
            )
        return usable[0], read(runbook_of(usable[0]))
    if Path(name).is_file():
        document = read(Path(name))
        profile = read_target(document, target)
        same = (
            found.directory
            for found in runs(home)
            if found.runbook == document.path.resolve()
            and found.target == profile.name
            and not found.problem
        )
        return latest(home, document, profile.name) or next(same, None), document
    directory = find_run(name, home)
    return directory, read(runbook_of(directory))


def step_meant(document: Runbook, words: str) -> Step:
    """Return the step with this id or text, or the only one whose text holds it.

    Raises:
        GonogoError: there is none, or there are several.
    """
    from runbooks.errors import RefusedError

    if step := document.step_by_id.get(words):
        return step
    wanted = words.casefold()
    same = [step for step in document.steps if step.text.casefold() == wanted]
    found = same or [step for step in document.steps if wanted in step.text.casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(step.id for step in found[:5])
        more = " and more" if len(found) > 5 else ""
        raise RefusedError(f"“{words}” may be several steps: {ids}{more}. Name the id.")
    from difflib import get_close_matches

    near = get_close_matches(words, document.step_by_id, 1)
    hint = f"Did you mean {near[0]}?" if near else "'gonogo status' lists them."
    raise RefusedError(f"There is no step “{words}”. {hint}")
