"""Whether a person may say something of a step now: the only door to a decision.

`state.rules` knows the step alone; a signature hangs on what else stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runbooks.model import Runbook, Step
from state.needs import unmet
from state.rules import refusal, waivers
from state.standing import Answer, Signed

if TYPE_CHECKING:
    from state.progress import Progress

_NAMED = 2
"""Steps that a sentence names; the rest are counted."""


def objection(
    runbook: Runbook,
    progress: Progress,
    step: Step,
    answer: Answer,
    note: str = "",
    until: str = "",
    together: int = 1,
    role: str = "",
) -> str:
    """Return why *answer* cannot be given now, as a plain sentence, or "".

    Args:
        note, until, together, role: as of `state.rules.refusal`.
    """
    state, may_waive = progress.steps.get(step.id), waivers(runbook)
    if said := refusal(step, state, answer, note, until, together, role, may_waive):
        return said
    if _signs(step, answer):
        return unsignable(runbook, progress, step)
    return ""


def signed(
    runbook: Runbook, progress: Progress, step: Step, answer: Answer
) -> Signed | None:
    """Return what *answer* stands for now, None where *step* covers no others."""
    if not _signs(step, answer):
        return None
    from state.rollup import rollup

    found = rollup(runbook, progress, step)
    steps = tuple((id, standing.value) for id, standing in found.standings.items())
    return Signed(found.summary, found.digest, steps, progress.seq, runbook.digest)


def _signs(step: Step, answer: Answer) -> bool:
    return bool(step.options.covers) and answer in (Answer.PASS, Answer.DONE)


def unsignable(runbook: Runbook, progress: Progress, step: Step) -> str:
    """Return why *step* cannot be signed for what it covers, or ""."""
    from state.rollup import rollup

    if failing := rollup(runbook, progress, step).failing:
        return (
            f"Not signed: {_blockers(failing)}; mend that, or let "
            f"{' or '.join(waivers(runbook))} waive it: "
            f"{_named([each.text for each in failing])}."
        )
    if first := unmet(runbook, progress.steps, step.id):
        return f"Not signed: {_others(first)} first, anew where stale: {_named(first)}."
    return ""


def _named(texts: Sequence[str]) -> str:
    shown = [f"“{text}”" for text in texts[:_NAMED]]
    if (more := len(texts) - _NAMED) > 0:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join(shown)


def _blockers(steps: Sequence[Step]) -> str:
    return "1 blocker fails" if len(steps) == 1 else f"{len(steps)} blockers fail"


def _others(steps: Sequence[str]) -> str:
    return "1 other step" if len(steps) == 1 else f"{len(steps)} other steps"
