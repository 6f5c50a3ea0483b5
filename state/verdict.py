"""Computed, never typed: what all steps of a runbook add up to.

The table is docs/verdict.md; a test holds this file against it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from runbooks.model import Runbook, Step
from runbooks.tables import Gate, Severity
from state.counting import counted
from state.judging import FRESH, NEVER, decision_counts, effective, judge
from state.rules import as_named, waivers
from state.standing import Answer, Standing, StepState

__all__ = ["FRESH", "GOOD", "Tally", "Verdict", "effective", "verdict"]

GOOD = frozenset({Standing.PASS, Standing.WARN, Standing.NA, Standing.WAIVED})
"""Standings that count as done."""

LOOKED = frozenset({Standing.PASS, Standing.WARN, Standing.FAIL, Standing.WAIVED})
"""Standings that say that somebody or something looked."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What all steps of the current gate amount to.

    Attributes:
        word: ``NO-GO``, ``GO WITH CONDITIONS``, ``GO``, ``OPEN`` or ``DONE``.
        exit_code: 0 GO or DONE, 1 NO-GO or OPEN, 3 GO WITH CONDITIONS, 4 nothing
            was checked.
        counts: how many steps of the gate stand how.
        blocking: (step id, reason) of what keeps it from GO.
        conditions: (step id, reason) of what makes it conditional.
        loose_ends: changes that were meant for a while and still stand, or of which
            nobody knows how they ended, a sentence each; they make it conditional too.
        done, total: steps that count as done, of the gate.
        sections: section id to (done, total), for steps directly in it.
    """

    word: str
    exit_code: int
    counts: Mapping[Standing, int]
    blocking: tuple[tuple[str, str], ...]
    conditions: tuple[tuple[str, str], ...]
    loose_ends: tuple[str, ...]
    done: int
    total: int
    sections: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def verdict(
    runbook: Runbook,
    progress: Mapping[str, StepState],
    now: datetime,
    gate: Gate = Gate.GO,
    section: str | None = None,
    only: Container[str] | None = None,
    loose_ends: Iterable[str] = (),
) -> Verdict:
    """Return the verdict on *runbook*, or on some of its steps.

    Args:
        gate, section, only: which steps count, see `state.counting.counted`.
        loose_ends: see `Verdict`; `state.doubts.beside_steps` says them of a run.
    """
    return Tally(runbook, gate, section, only).verdict(progress, now, loose_ends)


class Tally:
    """Keeps how each step stands, so that asking again costs only what changed."""

    def __init__(
        self,
        runbook: Runbook,
        gate: Gate = Gate.GO,
        section: str | None = None,
        only: Container[str] | None = None,
    ) -> None:
        self._declares = runbook.declares
        self._steps = counted(runbook, gate, section, only)
        self._states: list[StepState | None] = [None] * len(self._steps)
        self._until = [NEVER] * len(self._steps)
        self._standings = [Standing.PENDING] * len(self._steps)
        self._waivers = waivers(runbook)
        self._weighty = [
            i for i, s in enumerate(self._steps) if s.severity is not Severity.MINOR
        ]
        self._sections = Counter(step.section for step in self._steps)

    def verdict(
        self,
        progress: Mapping[str, StepState],
        now: datetime,
        loose_ends: Iterable[str] = (),
    ) -> Verdict:
        """Return the verdict on *progress*, with what is left different."""
        states, until, standings = self._states, self._until, self._standings
        get = progress.get
        for i, step in enumerate(self._steps):
            state = get(step.id)
            if state is not states[i] or now >= until[i]:
                states[i] = state
                standings[i], until[i] = judge(step, state, now)
        counts = Counter(standings)
        done = Counter(
            step.section
            for step, standing in zip(self._steps, standings, strict=True)
            if standing in GOOD
        )
        blocking, conditions = self._weigh(now) if self._declares else ((), ())
        total = len(self._steps)
        finished = sum(done.values())
        loose = tuple(loose_ends)
        held = bool(conditions or loose)
        word, exit_code = self._word(counts, bool(blocking), held, finished)
        return Verdict(
            word,
            exit_code,
            counts,
            blocking,
            conditions,
            loose,
            finished,
            total,
            {section: (done[section], n) for section, n in self._sections.items()},
        )

    def standing(self, step_id: str) -> Standing:
        """Return how one step stood at the last verdict.

        Raises:
            KeyError: the step does not count at this gate.
        """
        for step, standing in zip(self._steps, self._standings, strict=True):
            if step.id == step_id:
                return standing
        raise KeyError(step_id)

    def _word(
        self,
        counts: Mapping[Standing, int],
        blocked: bool,
        conditional: bool,
        done: int,
    ) -> tuple[str, int]:
        looked = any(counts.get(standing) for standing in LOOKED)
        if not self._declares:
            if done and done == len(self._steps):
                return "DONE", 0
            return "OPEN", 1 if looked or done else 4
        if blocked:
            return "NO-GO", 1 if looked else 4
        if not looked:
            return "OPEN", 4
        return ("GO WITH CONDITIONS", 3) if conditional else ("GO", 0)

    def _weigh(
        self, now: datetime
    ) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
        blocking, conditions = [], []
        for i in self._weighty:
            step, state, standing = self._steps[i], self._states[i], self._standings[i]
            if standing is Standing.PASS:
                continue
            decision = state.decision if state else None
            if standing not in GOOD:
                blocking.append((step.id, _reason(step, state, standing)))
            elif standing is Standing.WARN:
                reason = state.finding.reason if state and state.finding else ""
                conditions.append((step.id, f"warning: {reason}".rstrip(": ")))
            elif standing is Standing.WAIVED and decision is not None:
                if step.severity is Severity.BLOCKER and not (
                    as_named(decision.role, self._waivers)
                ):
                    who = " or ".join(self._waivers)
                    reason = f"waived by {decision.by}, but only {who} may waive it"
                    blocking.append((step.id, reason))
                else:
                    reason = f"waived by {decision.by} until {decision.until}"
                    conditions.append((step.id, f"{reason}: {decision.note}"))
            elif standing is Standing.NA and decision_counts(step, state, now):
                assert decision is not None
                reason = f"n/a, said by {decision.by}: {decision.note}"
                conditions.append((step.id, reason))
        return tuple(blocking), tuple(conditions)


def _reason(step: Step, state: StepState | None, standing: Standing) -> str:
    decision = state.decision if state else None
    finding = state.finding if state else None
    if standing is Standing.FAIL and decision and decision.answer is Answer.FAIL:
        return f"fail, said by {decision.by}: {decision.note}"
    if finding and standing in (Standing.FAIL, Standing.UNKNOWN):
        return f"{standing}: {finding.reason}"
    if finding and standing is Standing.PROPOSED:
        return f"proposed {finding.result}, to be confirmed"
    if standing is Standing.PENDING:
        return "ticked in file, to be confirmed" if step.checked else "open"
    if standing is Standing.IN_DOUBT:
        return "was interrupted, outcome unknown"
    return str(standing.value)
