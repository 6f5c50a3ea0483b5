"""What of a pass is worth a sentence: sources that fail, steps that regressed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

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


def failures(findings: Mapping[str, Finding]) -> dict[str, str]:
    """Return the sources that failed, with the stage and what it means for steps.

    A step about whether the source can be reached fails with it; one that merely
    needed it cannot be judged.
    """
    words: dict[str, str] = {}
    for finding in findings.values():
        if finding.stage in STAGES and finding.source:
            words.setdefault(finding.source, STAGES[finding.stage])
    return {
        source: f"{words[source]}, {_steps(counts)}"
        for source, counts in _affected(findings).items()
    }


def _affected(findings: Mapping[str, Finding]) -> dict[str, Counter[Result]]:
    """Count by source that failed how its steps stand."""
    failed: dict[str, Counter[Result]] = {}
    for finding in findings.values():
        if finding.stage in STAGES and finding.source:
            failed.setdefault(finding.source, Counter())[finding.result] += 1
    return failed


def _steps(counts: Counter[Result]) -> str:
    """Say how many steps fail with their source, and how many need it in vain."""
    unjudged = counts[Result.UNKNOWN]
    failing = counts.total() - unjudged
    said = []
    if failing:
        fail = "fails" if failing == 1 else "fail"
        said.append(f"{_number(failing)} {fail}")
    if unjudged:
        number = unjudged if failing else _number(unjudged)
        said.append(f"{number} cannot be judged")
    return ", ".join(said)


def _number(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps} steps"


def announcement(
    runbook: Runbook,
    before: Mapping[str, StepState],
    after: Mapping[str, StepState],
    found: Mapping[str, Finding],
) -> str:
    """Return what a pass brought that an operator must hear, or "".

    Each source that fails is named once, and again only when more steps fail with it
    or cannot be judged than before; they are counted there, not named.

    Args:
        before, after: what was known of each step before and after the pass.
        found: what it found, by step id.
    """
    earlier = {
        step_id: state.finding
        for step_id, state in before.items()
        if state.finding and step_id in found
    }
    known, failing = _affected(earlier), _affected(found)
    new = [s for s, counts in failing.items() if not counts <= known.get(s, Counter())]
    said = failures(found)
    return "  ".join(
        (
            *(f"{source}: {said[source]}." for source in new),
            *(f"{source} answers again." for source in known if source not in failing),
            *_regressed(runbook, before, after, _others(found, failing)),
        )
    )


def _others(
    found: Mapping[str, Finding], sources: Collection[str]
) -> dict[str, Finding]:
    """Leave out what is bad only because one of these sources failed."""
    return {
        step_id: finding
        for step_id, finding in found.items()
        if finding.stage not in STAGES or finding.source not in sources
    }


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
