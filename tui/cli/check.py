"""`gonogo check`: probe what a machine can decide, and give the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.checking import FORMAT, check, print_report
from tui.cli.paths import FILE, RUNBOOK

if TYPE_CHECKING:
    from runbooks.model import Runbook, Step


@click.command()
@click.argument("runbook", required=False, type=RUNBOOK)
@click.option("--section", metavar="TITLE", help="Only this section, by title or id.")
@click.option("--target", metavar="NAME", help="The deployment to check.")
@click.option("--run", metavar="RUN", help="Count what people said in this run too.")
@click.option("--state-dir", type=FILE, help="Where runs are.")
@FORMAT
@click.option("--soak", is_flag=True, help="Wait for steps that have to hold a while.")
@click.option(
    "--intrusive",
    multiple=True,
    metavar="STEP",
    help="Look at this step even if that does more than read; the profile must "
    "allow it.",
)
def command(
    runbook: Path | None,
    section: str | None,
    target: str | None,
    run: str | None,
    state_dir: Path | None,
    form: str,
    soak: bool,
    intrusive: tuple[str, ...],
) -> int:
    """Probe RUNBOOK (that of the run, else the shipped one) and give the verdict.

    Exits 0 GO, 1 NO-GO, 2 wrong usage or a broken or untrusted file, 3 GO WITH
    CONDITIONS, 4 nothing could be checked. Without --run only what a machine can
    decide counts; what people confirm or say is listed as open. Records nothing.
    """
    from runbooks.parsing import read
    from runbooks.target import load
    from state.locations import home_of_runs
    from state.trust import TrustStore
    from tui.cli.admitting import admit, document_of
    from tui.cli.looking import Wanted
    from tui.cli.standing import find_run, progress_of, target_of

    home = home_of_runs(state_dir)
    directory = find_run(run, home) if run else None
    said = progress_of(directory) if directory else None
    document = read(runbook or document_of(directory))
    store = TrustStore()
    admit(document, store)
    profile = load(target, document, store.covers_profile)
    if directory and target is None:
        profile = target_of(directory, document, profile)
    steps = _within(document, section)
    _known(intrusive, document)
    wanted = Wanted(intrusive, soak)
    return print_report(check(document, steps, profile, store, wanted, said), form)


def _known(ids: Sequence[str], document: Runbook) -> None:
    """Refuse ids of steps that are not there.

    Raises:
        click.UsageError: there is no such step.
    """
    for step_id in ids:
        if step_id not in document.step_by_id:
            from difflib import get_close_matches

            near = get_close_matches(step_id, document.step_by_id, 1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise click.UsageError(f"There is no step {step_id!r}{hint}")


def _within(document: Runbook, title: str | None) -> list[Step]:
    """Return the steps of the section called *title*, with those inside it.

    Raises:
        click.UsageError: there is no such section.
    """
    if title is None:
        return list(document.steps)
    roots = [
        section.path
        for section in document.sections
        if title == section.id or title.casefold() == section.title.casefold()
    ]
    if not roots:
        from difflib import get_close_matches

        near = get_close_matches(title, [s.title for s in document.sections], 1, 0.4)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise click.UsageError(f"There is no section {title!r}{hint}")
    inside = {
        section.id
        for section in document.sections
        if any(section.path[: len(root)] == root for root in roots)
    }
    return [step for step in document.steps if step.section in inside]
