"""One check of a runbook, from the question whether it may run to what is printed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from tui.cli.printing import Line, say

if TYPE_CHECKING:
    from runbooks.model import Runbook, Step
    from runbooks.target import Target
    from state.progress import Progress
    from state.trust import TrustStore
    from tui.cli.looking import Wanted
    from tui.cli.verdict_text import Report

FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "junit", "prometheus"]),
    default="text",
    help="docs/json.md says what each holds.",
)


def check(
    document: Runbook,
    steps: Sequence[Step],
    profile: Target,
    store: TrustStore,
    wanted: Wanted,
    said: Progress | None = None,
) -> Report:
    """Look at *steps* of an admitted document and judge them.

    Args:
        said: the run whose answers and loose ends count too; None to count only
            what a machine can decide.
    """
    from runbooks.facts import differing
    from state.doubts import beside_steps
    from state.judging import holds
    from state.progress import Progress
    from state.verdict import verdict
    from tui.cli.looking import look
    from tui.cli.progress_bar import progress_bar
    from tui.cli.verdict_text import Report

    steps = [s for s in steps if not s.part or s.options.use]
    known, began = said or Progress(), datetime.now(UTC)
    progress = dict(known.steps)
    looked_at = [
        s
        for s in steps
        if (s.probes or differing(s.options.when, profile))
        and (s.id in wanted.intrusive or not holds(s, progress.get(s.id), began))
    ]
    looked_at += [s for s in steps if s.options.use == "command"]
    with progress_bar(len(looked_at)) as advance:
        looking = look(document, looked_at, profile, store, wanted, advance)
        seen = asyncio.run(looking)
    for step_id, one in seen.looks.items():
        progress[step_id] = one.added_to(progress.get(step_id))
    now = datetime.now(UTC)
    counted = {step.id for step in (_auto(steps) if said is None else steps)}
    loose = beside_steps(known)
    answer = verdict(document, progress, now, only=counted, loose_ends=loose)
    return Report(document, steps, progress, seen.looks, answer, now, seen.requests)


def print_report(report: Report, form: str) -> int:
    """Print *report* and return the exit code."""
    for line in _lines(report, form):
        say(*line)
    return report.verdict.exit_code


def _lines(report: Report, form: str) -> Iterator[Line]:
    if form == "text":
        yield from report.text()
    elif form == "json":
        yield (report.json(),)
    else:
        from tui.cli import pipeline_formats

        junit = form == "junit"
        made = pipeline_formats.junit if junit else pipeline_formats.prometheus
        for line in made(report):
            yield (line,)


def _auto(steps: Sequence[Step]) -> list[Step]:
    """Leave out what a person must confirm or say: no machine decides that."""
    from runbooks.tables import Level

    return [s for s in steps if s.level is Level.AUTO or s.options.use == "command"]
