"""A dry run against what is known of a run; nothing of it becomes part of that run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from runbooks.model import Runbook, Step
from runbooks.planned import Planned
from runbooks.planning import Planner
from runbooks.redaction import patterns, redact
from runbooks.results import Finding
from runbooks.target import Target
from state.judging import decision_counts, effective
from state.needs import unmet
from state.progress import Progress
from state.standing import Standing, StepState
from tui.observing import NothingKept, Observer

if TYPE_CHECKING:
    from collections.abc import Iterator


async def make_plan(
    runbook: Runbook,
    target: Target,
    ledger: NothingKept,
    progress: Progress,
    context: Path | None = None,
    advance: Callable[[], None] = lambda: None,
) -> list[Planned]:
    """Say what would become of everything in *runbook*, from where the run stands.

    Args:
        progress: of the run; it is not changed.
        context: the run's shell context.
        advance: called after each look of a probe.

    Raises:
        StateError: what is known of the target cannot be read.
    """
    now = datetime.now(UTC)
    steps = dict(progress.steps)

    def looked(step: Step, finding: Finding) -> None:
        state = steps.get(step.id, StepState())
        at = now.isoformat(timespec="seconds")
        steps[step.id] = replace(state, finding=finding, probed_at=at)
        advance()

    observer = Observer(
        runbook,
        target,
        ledger,
        inputs=progress.inputs,
        unmet=lambda step_id: unmet(runbook, steps, step_id),
        context=context,
    )
    try:
        planner = Planner(
            runbook,
            target,
            observer.door,
            observer.look,
            progress.inputs,
            dict(_settled(runbook, steps, now)),
            looked,
            _hiding(observer),
        )
        return await planner.walk()
    finally:
        observer.close()


def _settled(
    runbook: Runbook, steps: Mapping[str, StepState], now: datetime
) -> Iterator[tuple[str, str]]:
    """Yield the steps that stand by what a person said, and what that was."""
    for step in runbook.steps:
        state = steps.get(step.id)
        if state is None or state.decision is None:
            continue
        stale = effective(step, state, now) is Standing.STALE
        if decision_counts(step, state, now) and not stale:
            decision = state.decision
            yield step.id, f"{decision.by} has decided: {decision.answer}"


def _hiding(observer: Observer) -> Callable[[str], str]:
    wanted = patterns(observer.place.secrets())
    return lambda text: redact(text.encode("utf-8", "replace"), wanted).decode()
