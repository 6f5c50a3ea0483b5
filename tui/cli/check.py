"""`gonogo check`: probe what a machine can decide, and give the verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.paths import FILE

if TYPE_CHECKING:
    from runbooks.model import Runbook, Step
    from state.trust import TrustStore
    from tui.cli.verdict_text import Report


@click.command()
@click.argument("runbook", required=False, type=FILE)
@click.option("--section", metavar="TITLE", help="Only this section, by title or id.")
@click.option("--target", metavar="NAME", help="The deployment to check.")
@click.option("--run", metavar="RUN", help="Count what people said in this run too.")
@click.option("--state-dir", type=FILE, help="Where runs are.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "junit", "prometheus"]),
    default="text",
    help="docs/json.md says what each holds.",
)
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
    from runbooks.facts import differing
    from runbooks.parsing import read
    from runbooks.target import load
    from state.judging import holds
    from state.locations import home_of_runs
    from state.trust import TrustStore
    from state.verdict import verdict
    from tui.cli import verdict_text
    from tui.cli.looking import Wanted, look
    from tui.cli.progress_bar import progress_bar
    from tui.cli.standing import find_run, progress_of, target_of

    home = home_of_runs(state_dir)
    directory = find_run(run, home) if run else None
    progress = dict(progress_of(directory)) if directory else {}
    document = read(runbook or _document(directory))
    store = TrustStore()
    _admit(document, store)
    profile = load(target, document, store.is_trusted)
    if directory and target is None:
        profile = target_of(directory, document, profile)
    steps = [s for s in _within(document, section) if not s.part or s.options.use]
    now = datetime.now(UTC)
    looked_at = [
        s
        for s in steps
        if (s.probes or differing(s.options.when, profile))
        and (s.id in intrusive or not holds(s, progress.get(s.id), now))
    ]
    looked_at += [s for s in steps if s.options.use == "command"]
    _known(intrusive, document)
    with progress_bar(len(looked_at)) as advance:
        looking = look(
            document, looked_at, profile, store, Wanted(intrusive, soak), advance
        )
        seen = asyncio.run(looking)
    counted = {step.id for step in (steps if directory else _auto(steps))}
    for step_id, one in seen.looks.items():
        progress[step_id] = one.added_to(progress.get(step_id))
    now = datetime.now(UTC)
    answer = verdict(document, progress, now, only=counted)
    report = verdict_text.Report(
        document, steps, progress, seen.looks, answer, now, seen.requests
    )
    for line in _lines(report, form):
        print(line)
    return answer.exit_code


def _lines(report: Report, form: str) -> Iterator[str]:
    if form in ("text", "json"):
        return report.json() if form == "json" else report.text()
    from tui.cli import pipeline_formats

    if form == "junit":
        return pipeline_formats.junit(report)
    return pipeline_formats.prometheus(report)


def _document(directory: Path | None) -> Path:
    """Return the runbook to check where none was named."""
    if directory is None:
        import runbooks

        root = Path(runbooks.__file__).parent
        return root / "documents" / "production-deployment.md"
    from tui.cli.standing import runbook_of

    return runbook_of(directory)


def _admit(document: Runbook, store: TrustStore) -> None:
    """Refuse a document that lint calls broken, or that this user has not trusted.

    Raises:
        GonogoError: the sentence that says what to do.
    """
    from runbooks.errors import GonogoError, RefusedError
    from runbooks.linting import lint
    from state.trust import shipped, unsafe

    errors = [problem for problem in lint(document) if not problem.warning]
    if errors:
        raise GonogoError(f"{errors[0]}. 'gonogo lint {document.path}' lists all.")
    if shipped(document):
        return
    if not store.is_trusted(document.digest):
        raise RefusedError(
            f"{document.path} is not trusted yet, so nothing ran. Read what it would "
            f"run and trust it with: gonogo trust {document.path}"
        )
    if reason := unsafe(document.path):
        raise RefusedError(reason)


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


def _auto(steps: list[Step]) -> list[Step]:
    """Leave out what a person must confirm or say: no machine decides that."""
    from runbooks.tables import Level

    return [s for s in steps if s.level is Level.AUTO or s.options.use == "command"]
