"""What of a pass is worth a sentence: sources that fail, steps that regressed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from runbooks.model import Runbook
from runbooks.results import Finding, Result
from state.standing import StepState

NAMED = 2
"""Steps that are named; of more only the number is said."""
STAGES = {
    "name": "its name has no address",
    "tcp": "no connection",
    "tls": "no TLS",
    "login": "the login is refused",
    "query": "it answers, but not to this",
    "http": "the connection broke off",
    "driver": "no driver answers",
    "timeout": "no answer in time",
    "budget": "asked often enough",
}
"""What failed, by the stage of a look; configuration is no failure of a source."""


def failures(findings: Mapping[str, Finding]) -> dict[str, tuple[str, int]]:
    """Return what could not be looked at: source to the stage's words and steps."""
    counts: Counter[str] = Counter()
    words: dict[str, str] = {}
    for finding in findings.values():
        if finding.stage in STAGES and finding.source:
            counts[finding.source] += 1
            words.setdefault(finding.source, STAGES[finding.stage])
    return {source: (words[source], number) for source, number in counts.items()}


def announcement(
    runbook: Runbook,
    before: Mapping[str, StepState],
    after: Mapping[str, StepState],
    found: Mapping[str, Finding],
) -> str:
    """Return what a pass brought that an operator must hear, or "".

    Each source that fails is named once, and only when it did not fail in the
    pass before.

    Args:
        before, after: what was known of each step before and after the pass.
        found: what it found, by step id.
    """
    return "  ".join(
        (*_sources(before, found), *_regressed(runbook, before, after, found))
    )


def _sources(
    before: Mapping[str, StepState], found: Mapping[str, Finding]
) -> Iterator[str]:
    earlier = {
        step_id: state.finding
        for step_id, state in before.items()
        if state.finding and step_id in found
    }
    known = failures(earlier)
    failing = failures(found)
    for source, (words, number) in failing.items():
        if source not in known:
            steps = "1 step" if number == 1 else f"{number} steps"
            yield f"{source}: {words}, {steps} cannot be judged."
    for source in known:
        if source not in failing:
            yield f"{source} answers again."


def _regressed(
    runbook: Runbook,
    before: Mapping[str, StepState],
    after: Mapping[str, StepState],
    found: Mapping[str, Finding],
) -> Iterator[str]:
    new = [
        step
        for step in runbook.steps
        if step.id in found
        and found[step.id].result is Result.FAIL
        and after[step.id].regressed_at
        and not (step.id in before and before[step.id].regressed_at)
    ]
    for step in new[:NAMED]:
        state = after[step.id]
        yield f"Regressed: {step.text}: {found[step.id].reason}, was {state.passed}."
    if len(new) > NAMED:
        yield f"{len(new) - NAMED} more regressed."
