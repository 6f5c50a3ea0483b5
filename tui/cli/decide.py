"""`gonogo decide`: what a person says of a step, without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.paths import FILE

if TYPE_CHECKING:
    from runbooks.events import Event
    from runbooks.model import Runbook, Step
    from state.run import Run

BACK = "take-back"
ANSWERS = ("pass", "done", "fail", "skip", "n/a", "waive", BACK)


@click.command()
@click.argument("run")
@click.argument("step")
@click.argument("answer", required=False, type=click.Choice(ANSWERS))
@click.option("--note", default="", help="Why; alone it is a note on the step.")
@click.option("--evidence", metavar="FILE", help="A file, a link, or the text itself.")
@click.option("--until", default="", metavar="DATE", help="Last day of a waiver.")
@click.option("--as", "role", default="", metavar="ROLE", help="In which role you do.")
@click.option("--target", metavar="NAME", help="The deployment, where RUN is a file.")
@click.option("--state-dir", type=FILE, help="Where runs are.")
def command(
    run: str,
    step: str,
    answer: str | None,
    note: str,
    evidence: str | None,
    until: str,
    role: str,
    target: str | None,
    state_dir: Path | None,
) -> int:
    """Answer STEP of RUN: pass, done (by hand), fail, skip, n/a, waive, or take-back.

    RUN is its name, its directory, or the path of its runbook: that stands for the run
    of it that was touched last, and begins one where there is none. STEP is its id, or
    words that only its text holds. The rules are those of the screen, and so is what is
    recorded: others who have the run open see it at once. Without ANSWER the note or
    the evidence is all that is added.
    """
    from runbooks.errors import StateError
    from state.locations import home_of_runs
    from tui.cli.meaning import run_meant, step_meant
    from tui.cli.printing import complain
    from tui.config import read_config
    from tui.opening import Options, open_run, read_target

    if not (answer or note or evidence):
        raise click.UsageError("Say an ANSWER, or add --note or --evidence.")
    home = home_of_runs(state_dir)
    directory, document = run_meant(run, home, target)
    meant = step_meant(document, step)
    if directory is None and answer:
        _refuse_at_once(document, meant, answer, note, until, role)
    profile = read_target(document, target)
    options = Options(home, target=target, directory=directory, name=read_config().name)
    opened, notice = open_run(document, profile, options)
    if notice:
        complain(notice)
    try:
        events = list(_record(opened, meant, answer, note, evidence, until, role))
        _tell(opened, document, meant, events)
    finally:
        try:
            opened.close()
        except StateError as error:  # what was answered is in the journal already
            complain(str(error))
    return 0


def _refuse_at_once(
    document: Runbook, step: Step, answer: str, note: str, until: str, role: str
) -> None:
    """Begin no run for an answer that cannot be given.

    Raises:
        RefusedError: it cannot.
    """
    from runbooks.errors import RefusedError
    from state.progress import Progress
    from state.refusing import objection
    from state.standing import Answer

    if answer == BACK:
        raise RefusedError(f"{document.path} has no run yet; nothing to take back.")
    said = objection(document, Progress(), step, Answer(answer), note, until, 1, role)
    if said:
        raise RefusedError(said)


def _record(
    run: Run,
    step: Step,
    answer: str | None,
    note: str,
    evidence: str | None,
    until: str,
    role: str,
) -> list[Event]:
    from state import deciding
    from state.evidence import evidence as evidence_of
    from state.standing import Answer

    shown = evidence_of(evidence) if evidence else None
    events: list[Event] = []
    if answer == BACK:
        if back := deciding.withdraw(run, step):
            events.append(back)
    elif answer:
        said = Answer(answer)
        return [
            deciding.decide(run, step, said, note, until, role=role, evidence=shown)
        ]
    if note:
        events.append(deciding.note(run, step.id, note))
    if shown:
        events.append(deciding.attach(run, step.id, shown.kind, shown.value))
    return events


def _tell(run: Run, document: Runbook, step: Step, events: list[Event]) -> None:
    """Say what was recorded, how the step stands now, and the run."""
    from datetime import UTC, datetime

    from state.doubts import beside_steps
    from state.verdict import effective, verdict
    from tui.cli.printing import say
    from tui.event_words import of_step
    from tui.widgets.wording import brief

    for event in events:
        say(f"Recorded {of_step(event, step)}")
    now = datetime.now(UTC)
    say(f"It stands now: {brief(effective(step, run.progress.get(step.id), now))}")
    found = verdict(document, run.progress, now, loose_ends=beside_steps(run.state))
    say(f"{run.id}: {found.word}, {found.done} of {found.total} done")
