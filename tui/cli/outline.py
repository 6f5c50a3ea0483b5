"""A runbook and how far it is, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runbooks.model import Part, Runbook, Step
    from state.standing import StepState


def outline(runbook: Runbook, progress: Mapping[str, StepState]) -> Iterator[str]:
    """Yield the lines of *runbook*; steps in *progress* say where they stand."""
    commands = sum(len(block.parts) for block in runbook.blocks)
    yield runbook.title
    tasks = sum(step.part is None for step in runbook.steps)
    yield f"{_count(tasks, 'task item')}, {_count(commands, 'command')}"
    steps, parts = runbook.step_by_id, runbook.part_by_id
    for row in runbook.rows:
        if row.kind == "section":
            section = runbook.section_by_id[row.id]
            yield ""
            yield f"{'#' * max(section.level, 1)} {section.title}"
        elif row.kind == "step":
            step = steps[row.id]
            yield from _step(step, progress.get(row.id))
            if step.part and parts[step.part].text != step.text:
                yield from _part(parts[step.part])
        else:
            yield from _part(parts[row.id])


def _step(step: Step, state: StepState | None) -> Iterator[str]:
    weight = step.options.severity.value if step.options.severity else ""
    words = "  ".join(word for word in (step.text, weight) if word)
    yield f"  {'  ' * step.depth}[{_standing(step, state)}] {words}"
    if state and state.decision and state.decision.note:
        yield f"  {'  ' * step.depth}    {state.decision.by}: {state.decision.note}"


def _standing(step: Step, state: StepState | None) -> str:
    if state is not None:
        from datetime import UTC, datetime

        from state.verdict import effective

        standing = effective(step, state, datetime.now(UTC))
        if standing.value != "pending":
            return standing.value
    return "ticked in file" if step.checked else " "


def _part(part: Part) -> Iterator[str]:
    first, *rest = part.text.splitlines() or [""]
    yield f"    $ {first}"
    for line in rest:
        yield f"      {line}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def remarks(runbook: Runbook) -> Iterator[str]:
    """Yield a line for each warning, and one for all that is nearly a task."""
    for problem in runbook.problems:
        if problem.warning:
            yield f"warning: {problem}"
    if runbook.notices:
        first, *more = runbook.notices
        others = f" (and {_count(len(more), 'more line')})" if more else ""
        yield (
            f"warning: {runbook.path}:{first.line}: {first.text}{others}. "
            f"'gonogo lint {runbook.path}' lists all."
        )


def reading_mode(runbook: Runbook) -> Iterator[str]:
    """Yield what to say of a runbook of which nothing runs, since nobody trusts it."""
    from runbooks.inventory import is_powerful
    from state.trust import TrustStore

    if is_powerful(runbook) and not TrustStore().covers(runbook):
        yield (
            "reading mode: nothing of it runs before it is trusted; "
            f"'gonogo trust {runbook.path}' lists what it would run."
        )


def complaint(runbook: Runbook) -> str:
    """Return what is wrong with the whole of *runbook* in one sentence, or ""."""
    errors = [problem for problem in runbook.problems if not problem.warning]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return f"{errors[0]}{more}. 'gonogo lint {runbook.path}' lists all."
    if not runbook.steps:
        return (
            f"{runbook.path} has no steps: neither task items (- [ ] …) nor shell "
            "commands, so there is nothing to walk."
        )
    return ""
