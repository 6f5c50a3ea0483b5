"""Computed, never typed: how one step stands, from what is known of it.

The table is docs/verdict.md; a test holds this file against it.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from runbooks.durations import seconds
from runbooks.model import Step
from runbooks.results import Result
from runbooks.tables import Level
from state.standing import Answer, Decision, Standing, StepState

FRESH = {
    Level.AUTO: timedelta(minutes=15),
    Level.ASSIST: timedelta(hours=24),
    Level.ATTEST: timedelta(days=90),
}
"""How long an answer holds where the step declares no ``fresh``."""

NEVER = datetime.max.replace(tzinfo=UTC)
LONG_AGO = datetime.min.replace(tzinfo=UTC)
_FINDING = {
    Result.PASS: Standing.PASS,
    Result.WARN: Standing.WARN,
    Result.FAIL: Standing.FAIL,
    Result.UNKNOWN: Standing.UNKNOWN,
    Result.NA: Standing.NA,
}
_ANSWER = {
    Answer.PASS: Standing.PASS,
    Answer.FAIL: Standing.FAIL,
    Answer.SKIP: Standing.SKIPPED,
    Answer.NA: Standing.NA,
    Answer.WAIVE: Standing.WAIVED,
    Answer.DONE: Standing.PASS,
}
_GOOD = (Answer.PASS, Answer.DONE)
"""What a person says that a probe may know better."""


def effective(step: Step, state: StepState | None, now: datetime) -> Standing:
    """Return how *step* stands: in doubt > running > stale > decision > finding."""
    return judge(step, state, now)[0]


def judge(
    step: Step, state: StepState | None, now: datetime
) -> tuple[Standing, datetime]:
    """Return how *step* stands and when time alone will change that."""
    if state is None:
        return Standing.PENDING, NEVER
    if state.doubts or any(command.in_doubt for command in state.commands):
        return Standing.IN_DOUBT, NEVER
    for command in state.commands:
        if not command.ending:
            return Standing.RUNNING, NEVER
    if state.soak and now < (due := _time(state.soak.due)):
        return Standing.RUNNING, due
    decision = state.decision
    if decision is not None and _counts(step, decision, now):
        return _decided(step, state, decision, now)
    if state.commands:
        return Standing.STALE if state.outdated else _command(state), NEVER
    if state.finding is None:
        return Standing.PENDING, NEVER
    if step.level is Level.ATTEST and state.finding.result is not Result.NA:
        return Standing.PENDING, NEVER
    return _found(step, state, now)


def holds(step: Step, state: StepState | None, now: datetime) -> bool:
    """Whether what was found stands for now, because one more look would see less.

    So it is with a step that has held for a while, and with a look that did more
    than read, to which a person agreed.
    """
    finding = state.finding if state else None
    if state is None or finding is None or finding.result is Result.UNKNOWN:
        return False
    if not (step.options.soak or finding.agreed):
        return False
    return not state.outdated and now < _expires(step, state.probed_at, step.level)


def decision_counts(step: Step, state: StepState | None, now: datetime) -> bool:
    """Whether a person's word, not a machine's, makes *step* stand as it does."""
    decision = state.decision if state else None
    return decision is not None and _counts(step, decision, now)


def _counts(step: Step, decision: Decision, now: datetime) -> bool:
    if decision.answer is Answer.WAIVE:
        return now < _ends(decision)
    return decision.answer not in _GOOD or step.level is not Level.AUTO


def _decided(
    step: Step, state: StepState, decision: Decision, now: datetime
) -> tuple[Standing, datetime]:
    standing = _ANSWER[decision.answer]
    if decision.answer is Answer.SKIP:
        return standing, NEVER
    if decision.digest and decision.digest != step.digest:
        return Standing.STALE, NEVER
    if decision.answer is Answer.FAIL:
        return standing, NEVER
    if decision.answer is Answer.WAIVE:
        return standing, _ends(decision)
    if _contradicted(step, state, decision) or _of_before(step, decision):
        return Standing.STALE, NEVER
    level = Level.ATTEST if step.level is Level.AUTO else step.level
    return _aged(standing, step, decision.at, level, now)


def _aged(
    standing: Standing, step: Step, at: str, level: Level, now: datetime
) -> tuple[Standing, datetime]:
    """Return *standing* while it is fresh, or stale, and until when.

    What is as far in the future as it may be old has its time from a clock that was
    set back since: nobody can say how old it is.
    """
    until = _expires(step, at, level)
    if now >= until:
        return Standing.STALE, NEVER
    begun, holds_for = _time(at), fresh(step, level)
    if begun - now >= holds_for:
        return Standing.STALE, begun - holds_for
    return standing, until


def _contradicted(step: Step, state: StepState, decision: Decision) -> bool:
    """Whether a probe has found a fail of which the person did not know."""
    return (
        decision.answer in _GOOD
        and step.level is Level.ASSIST
        and state.finding is not None
        and state.finding.result is Result.FAIL
        and decision.proposed not in ("", Result.FAIL.value)
    )


def _of_before(step: Step, decision: Decision) -> bool:
    """Whether a person confirmed what was found under other circumstances."""
    return decision.outdated and step.level is Level.ASSIST


def _found(step: Step, state: StepState, now: datetime) -> tuple[Standing, datetime]:
    assert state.finding is not None
    if state.outdated:
        return Standing.STALE, NEVER
    standing = _FINDING[state.finding.result]
    proposal = step.level is Level.ASSIST and standing not in (
        Standing.NA,
        Standing.UNKNOWN,
    )
    if proposal:
        standing = Standing.PROPOSED
    return _aged(standing, step, state.probed_at, step.level, now)


def _command(state: StepState) -> Standing:
    ended = [c for c in state.commands if c.ending and not c.settled]
    if any(command.code != 0 for command in ended):
        return Standing.FAIL
    return Standing.PASS if len(ended) >= state.parts else Standing.PENDING


def _ends(decision: Decision) -> datetime:
    """The end of a waiver's last day, in UTC."""
    try:
        day = datetime.fromisoformat(decision.until).replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return day + timedelta(days=1)


def _expires(step: Step, at: str, level: Level) -> datetime:
    begun = _time(at)
    return begun if begun == LONG_AGO else begun + fresh(step, level)


def _time(text: str) -> datetime:
    """Read an ISO 8601 time, one without an offset as UTC; `LONG_AGO` for none."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return LONG_AGO
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def fresh(step: Step, level: Level) -> timedelta:
    """Return how long an answer to *step* holds: declared, else by level."""
    if step.options.fresh is not None:
        with suppress(ValueError, OverflowError):
            return timedelta(seconds=seconds(step.options.fresh))
    return FRESH[level]


def age_of(at: str, now: datetime) -> timedelta:
    """Return how long ago *at* (ISO 8601) was; very long for none."""
    return now - _time(at)
