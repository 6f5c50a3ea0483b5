"""What a signature stands for: how all that a step ``covers`` stands, rolled up.

Computed, never typed. What is signed is kept in the journal with a digest, and
`gonogo verify` computes it again from there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from runbooks.covering import covered
from runbooks.model import Runbook, Step
from runbooks.results import Result
from runbooks.tables import Severity
from state.doubts import beside_steps
from state.lines import as_json
from state.rules import as_named, waivers
from state.standing import EMPTY, Answer, Decision, Standing, StepState
from state.verdict import effective, verdict

if TYPE_CHECKING:
    from state.progress import Progress

WHOLE = "*"
"""What a step covers that stands for the runbook, and with it for the verdict."""
_HIDING = (
    *(Standing.STALE, Standing.PROPOSED, Standing.SKIPPED),
    *(Standing.IN_DOUBT, Standing.RUNNING),
)
"""How a step may stand that failed when it was last looked at."""
_ORDER = (
    *(Standing.PASS, Standing.WAIVED, Standing.WARN, Standing.NA, Standing.FAIL),
    *(Standing.UNKNOWN, Standing.STALE, Standing.PROPOSED, Standing.PENDING),
    *(Standing.SKIPPED, Standing.IN_DOUBT, Standing.RUNNING),
)


@dataclass(frozen=True, slots=True)
class Rollup:
    """How the steps that another covers stand.

    Attributes:
        summary: how many stand how, after the verdict on them where they are all.
        standings: id to standing, in document order.
        failing: blockers that fail, and that nobody who may has waived.
        waived: steps with the waiver that holds.
        digest: sha256 hex of it all, see `digest`.
    """

    summary: str
    standings: Mapping[str, Standing]
    failing: tuple[Step, ...]
    waived: tuple[tuple[Step, Decision], ...]
    digest: str


def rollup(runbook: Runbook, progress: Progress, step: Step) -> Rollup:
    """Return how what *step* covers stands at this moment."""
    now = datetime.now(UTC)
    known, steps = progress.steps, covered(runbook, step)
    standings = {each.id: effective(each, known.get(each.id), now) for each in steps}
    summary = _summary(standings.values())
    if WHOLE in step.options.covers:
        loose = beside_steps(progress)
        word = verdict(runbook, known, now, step.gate, only=standings, loose_ends=loose)
        summary = f"{word.word}, {summary}"
    may_waive, failing, waived = waivers(runbook), [], []
    for each in steps:
        state, standing = known.get(each.id, EMPTY), standings[each.id]
        decision = state.decision
        if standing is Standing.WAIVED and decision:
            waived.append((each, decision))
            fails = not as_named(decision.role, may_waive)
        else:
            fails = _fails(state, standing)
        if fails and each.severity is Severity.BLOCKER:
            failing.append(each)
    rows = [(each.id, standings[each.id].value, each.digest) for each in steps]
    made = digest(summary, rows, known)
    return Rollup(summary, standings, tuple(failing), tuple(waived), made)


def digest(
    summary: str,
    steps: Iterable[tuple[str, str, str]],
    known: Mapping[str, StepState],
) -> str:
    """Return the sha256 (hex) of a roll-up, as docs/verdict.md describes it.

    Args:
        steps: id, standing and digest of each step.
        known: what is known of them; what was found and said is part of it.
    """
    hashed = sha256(as_json([summary]) + b"\n")
    for id, standing, of_step in steps:
        state = known.get(id, EMPTY)
        row = [id, of_step, standing, _found(state), _said(state)]
        hashed.update(as_json(row) + b"\n")
    return hashed.hexdigest()


def _found(state: StepState) -> list[Any] | None:
    if not (finding := state.finding):
        return None
    readings = [
        [judged.reading.name, judged.reading.value, judged.reading.unit]
        for judged in finding.judged
    ]
    return [finding.result.value, finding.reason, readings]


def _said(state: StepState) -> list[str] | None:
    if not (said := state.decision):
        return None
    return [said.answer.value, said.by, said.at, said.note, said.until, said.role]


def _fails(state: StepState, standing: Standing) -> bool:
    """Whether a step fails, also where what came since only hides it."""
    if standing is Standing.FAIL:
        return True
    if standing not in _HIDING:
        return False
    found, said = state.finding, state.decision
    return bool(
        (found and found.result is Result.FAIL)
        or (said and said.answer is Answer.FAIL)
        or any(command.code for command in state.commands)
    )


def _summary(standings: Iterable[Standing]) -> str:
    counts = Counter(standings)
    total = counts.total()
    said = ", ".join(f"{counts[s]} {s.value}" for s in _ORDER if counts[s])
    return f"{total} step{'' if total == 1 else 's'}: {said or 'none counts'}"
