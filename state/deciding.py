"""Saying something of a step: checked by `state.refusing`, then recorded."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from runbooks.errors import RefusedError, StateError
from runbooks.events import Event, Kind
from runbooks.model import Step
from runbooks.tables import Level
from state import entries
from state.evidence import Evidence, file
from state.refusing import objection, signed
from state.rules import as_named, default_end, waivers
from state.run import Run
from state.standing import Answer


def decide(
    run: Run,
    step: Step,
    answer: Answer,
    note: str = "",
    until: str = "",
    role: str = "",
    batch: str = "",
    evidence: Evidence | None = None,
) -> Event:
    """Record that a person says *answer* of *step*, in *role* where it matters.

    A pass or a fail settles first what was interrupted; where a probe decides, a pass
    does no more than that.

    Raises:
        RefusedError: that may not be said; the message says what is possible.
        StateError: it could not be written down.
    """
    if step.options.covers:
        run.catch_up()  # a signature stands for what others have seen, too
    state = run.progress.get(step.id)
    shown = note or (evidence.value if evidence else "")
    if reason := objection(run.runbook, run.state, step, answer, shown, until, 1, role):
        raise RefusedError(reason)
    if evidence and evidence.kind == "file" and not evidence.digest:
        raise RefusedError(f"{evidence.value} cannot be read, so it shows nothing.")
    if state and state.doubts and answer in (Answer.PASS, Answer.FAIL, Answer.DONE):
        events = [settle(run, id, shown) for id in state.doubts]
        if answer is Answer.PASS and step.level is Level.AUTO:
            return events[-1]
    role = as_named(role, waivers(run.runbook)) or role.strip()
    if answer is Answer.WAIVE:
        until = until or default_end()
    proposed = state.finding.result.value if state and state.finding else ""
    signs = signed(run.runbook, run.state, step, answer)
    data = entries.decided(
        step, answer, note.strip(), until, proposed, role, batch, evidence, signs
    )
    return run.record(Kind.DECIDED, step.id, data)


def decide_all(
    run: Run,
    steps: Sequence[Step],
    answer: Answer,
    note: str = "",
    until: str = "",
    role: str = "",
    evidence: Evidence | None = None,
) -> list[Event]:
    """Record one answer for many steps: all of them, or none where one is refused.

    Raises:
        RefusedError: one of them cannot get this answer.
        StateError: not all could be written down; those that were not wait.
    """
    shown, together = note or (evidence.value if evidence else ""), len(steps)
    for step in steps:
        if reason := objection(
            run.runbook, run.state, step, answer, shown, until, together, role
        ):
            raise RefusedError(reason)
    batch = uuid4().hex[:8] if len(steps) > 1 else ""
    decided, failed = [], None
    for step in steps:
        try:
            decided.append(
                decide(run, step, answer, note, until, role, batch, evidence)
            )
        except StateError as error:
            failed = error
    if failed:
        raise failed
    return decided


def settle(run: Run, id: str, note: str) -> Event:
    """Record why an interrupted command or action is in doubt no longer.

    Raises:
        RefusedError: it is not, or there is no reason.
        StateError: it could not be written down.
    """
    doubt = run.state.doubts.get(id)
    if doubt is None:
        raise RefusedError("That is not in doubt any more.")
    if not note.strip():
        raise RefusedError(f"Say what you found: {doubt}.")
    data = entries.settled(id, note.strip())
    return run.record(Kind.SETTLED, doubt.step or None, data)


def withdraw(run: Run, step: Step) -> Event | None:
    """Take the last decision back; the one before it, if any, stands again.

    Anyone may: the event names who did. A decision that is not written down yet just
    goes; then there is no event.

    Raises:
        RefusedError: there is none.
        StateError: it could not be written down.
    """
    if run.waiting.forget(step.id):
        return None
    state = run.progress.get(step.id)
    if state is None or state.decision is None:
        raise RefusedError(f"Nobody has decided “{step.text}”; nothing to take back.")
    return run.record(Kind.UNDONE, step.id, entries.undone(state.decision))


def note(run: Run, step_id: str, text: str) -> Event:
    """Record a note on a step.

    Raises:
        RefusedError: the note is empty.
        StateError: it could not be written down.
    """
    if not text.strip():
        raise RefusedError("The note is empty; nothing was recorded.")
    return run.record(Kind.NOTED, step_id, entries.noted(text.strip()))


def attach(run: Run, step_id: str, kind: str, value: str) -> Event:
    """Record evidence of *kind* ``text``, ``file`` or ``link`` on a step.

    Raises:
        RefusedError: the kind is another one or the value is empty.
        StateError: it could not be written down.
    """
    if kind not in ("text", "file", "link"):
        raise RefusedError(f"Evidence is text, a file or a link, not “{kind}”.")
    if not value.strip():
        raise RefusedError("The evidence is empty; nothing was recorded.")
    value = value.strip()
    shown = file(value) if kind == "file" else Evidence(kind, value)
    return run.record(Kind.ATTACHED, step_id, entries.attached(shown))
