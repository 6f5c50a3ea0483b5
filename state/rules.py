"""What a person may say of a step.

| level  | pass                    | fail      | n/a, waive  | skip    |
| ------ | ----------------------- | --------- | ----------- | ------- |
| auto   | never: a probe decides  | with note | with reason | allowed |
| assist | accepts a proposed pass;| with note | with reason | allowed |
|        | otherwise with reason   |           |             |         |
| attest | one key; with note      | with note | with reason | allowed |
|        | where the step asks     |           |             |         |

Done by hand wants evidence: what was done, a file, a link. Where a probe decides it is
written down and does not count; elsewhere it is a pass.

A step of which something was interrupted wants a note with a pass and with a fail:
that settles it. Where a probe decides, a pass settles it and says nothing more.

A skip asks for a note but does not force one: it never counts as pass. A blocker is
waived only in a role that may.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from runbooks.model import Runbook, Step
from runbooks.results import Result
from runbooks.tables import Level, Severity
from state.standing import Answer, StepState

WAIVER_DAYS = 7
"""A waiver without a date ends after this many days."""
MANAGEMENT = ("management",)
"""Who may waive blockers where the runbook names nobody."""


def waivers(runbook: Runbook) -> tuple[str, ...]:
    """Return the roles that may waive blockers, as the runbook writes them."""
    roles = runbook.options.roles
    return tuple(role.name for role in roles if role.may_waive_blockers) or MANAGEMENT


def as_named(role: str, roles: Sequence[str]) -> str:
    """Return which of *roles* is meant by *role*, as a person types it, or ""."""
    typed = role.strip().casefold()
    return next((name for name in roles if name.casefold() == typed), "")


def refusal(
    step: Step,
    state: StepState | None,
    answer: Answer,
    note: str = "",
    until: str = "",
    together: int = 1,
    role: str = "",
    waivers: Sequence[str] = MANAGEMENT,
) -> str:
    """Return why *answer* cannot be given, as a plain sentence, or "".

    Args:
        note: of what was done by hand, the evidence.
        together: how many steps get this answer at once.
        role: in which the person answers.
        waivers: roles that may waive a blocker.
    """
    note = note.strip()
    finding = state.finding if state else None
    if together > 1 and state and state.doubts:
        return f"“{step.text}” was interrupted; such steps are answered one by one."
    if together > 1 and step.severity is Severity.BLOCKER:
        return f"“{step.text}” is a blocker; blockers are answered one by one."
    doubtful = state is not None and bool(state.doubts)
    if doubtful and answer in (Answer.PASS, Answer.FAIL) and not note:
        return f"“{step.text}” was interrupted: say what you found, or run it again."
    if answer is Answer.PASS and not (doubtful and step.level is Level.AUTO):
        if step.level is Level.AUTO:
            return (
                f"A probe decides “{step.text}”, so nobody can say pass; waive it "
                "with a reason if it may stay as it is."
            )
        if step.level is Level.ASSIST and not note:
            if finding is None:
                return (
                    f"Nothing was found yet for “{step.text}”; probe it first, or "
                    "say why it passes."
                )
            if finding.result is not Result.PASS:
                return (
                    f"The probe does not propose pass for “{step.text}” "
                    f"({finding.result}); say why it passes all the same."
                )
        if step.note_required and not note:
            return f"“{step.text}” needs a note: what was seen, or where it is written."
    if answer is Answer.DONE and not note:
        return (
            f"Say what was done about “{step.text}”, or name the file or link that "
            "shows it."
        )
    if answer is Answer.FAIL and not note:
        return f"Say what fails about “{step.text}”."
    if answer is Answer.NA and not note:
        return f"Say why “{step.text}” does not exist here."
    if answer is Answer.WAIVE:
        if not note:
            return f"Say why “{step.text}” may stay as it is."
        if step.severity is Severity.BLOCKER and not as_named(role, waivers):
            return (
                f"Only {' or '.join(waivers)} may waive a blocker: name the role in "
                "which you do."
            )
        return _bad_date(until)
    if until:
        return "Only a waiver has an end date."
    return ""


def _bad_date(until: str) -> str:
    if not until:
        return ""
    try:
        end = date.fromisoformat(until)
    except ValueError:
        return f"“{until}” is no date; write it as {default_end()}."
    if end < datetime.now(UTC).date():
        return f"{until} has passed; a waiver ends today at the earliest."
    return ""


def default_end() -> str:
    """Return the last day of a waiver for which nobody named one."""
    return (datetime.now(UTC).date() + timedelta(days=WAIVER_DAYS)).isoformat()
