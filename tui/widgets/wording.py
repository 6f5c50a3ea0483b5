"""What the screen says of a step in a few plain words."""

from __future__ import annotations

import re
from datetime import datetime

from runbooks.facts import BY_FACT
from runbooks.model import Step
from runbooks.results import Soaked
from runbooks.tables import CommandClass, Gate, Level, Severity
from state.standing import Answer, Command, Decision, Standing, StepState
from tui.display import is_ascii

LEVELS = {Level.AUTO: "a probe decides", Level.ASSIST: "confirm", Level.ATTEST: "say"}
GATES = {
    Gate.GO: "before launch",
    Gate.D1: "after 24 h",
    Gate.W1: "after 1 week",
    Gate.M1: "after 1 month",
    Gate.OPS: "recurring",
}
SEVERITIES = {
    Severity.BLOCKER: "blocker",
    Severity.MAJOR: "major",
    Severity.MINOR: "minor",
}
CLASSES = {
    CommandClass.OBSERVE: "looks only",
    CommandClass.MUTATE: "changes things",
    CommandClass.DESTRUCTIVE: "destroys things",
}
CLASS_WORDS = {
    CommandClass.OBSERVE: "looks",
    CommandClass.MUTATE: "changes",
    CommandClass.DESTRUCTIVE: "destroys",
}
STANDINGS = {
    Standing.IN_DOUBT: "was interrupted, outcome unknown",
    Standing.RUNNING: "running",
    Standing.STALE: "too old, look again",
    Standing.PASS: "pass",
    Standing.WARN: "warning",
    Standing.FAIL: "fails",
    Standing.UNKNOWN: "unknown: could not look",
    Standing.NA: "n/a: does not exist here",
    Standing.WAIVED: "waived: known bad, accepted until",
    Standing.SKIPPED: "skipped: not now",
    Standing.PROPOSED: "proposed, to be confirmed",
    Standing.PENDING: "open",
}
ANSWERS = {
    Answer.PASS: "yes",
    Answer.FAIL: "no, it fails",
    Answer.SKIP: "skip",
    Answer.NA: "n/a",
    Answer.WAIVE: "waive",
    Answer.DONE: "done by hand",
}


def brief(standing: Standing) -> str:
    """Return the words for a standing, without what explains them."""
    return STANDINGS[standing].partition(":")[0]


_GUESSED = re.compile("(?:inferred|mutate|destructive): ")


def class_sentence(said: CommandClass, inferred: bool, why: str) -> str:
    """Return what a command may do and why: ``changes things: … (inferred)``.

    Args:
        why: the reason of `runbooks.classes`.
    """
    sentence = CLASSES[said]
    if why and why != "declared":
        sentence += f": {_GUESSED.sub('', why, count=1)}"
    return f"{sentence} ({'inferred' if inferred else 'declared'})"


def age(at: str, now: datetime) -> str:
    """Return how long ago *at* (ISO 8601 with offset) was: ``9m``, ``3h``, ``2d``.

    Less than a minute is ``now``; no time, or one that cannot be read, is ``–``.
    """
    try:
        seconds = (now - datetime.fromisoformat(at)).total_seconds()
    except (ValueError, TypeError):  # empty, edited by hand, or without an offset
        return "-" if is_ascii() else "–"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return "now"


def duration(seconds: float) -> str:
    """Return a length of time in words that stay short: ``30 ms``, ``2 min 5 s``."""
    if 0 < seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def said(decision: Decision, level: Level) -> str:
    """Return a decision as the list shows it, with its reason where it matters."""
    match decision.answer:
        case Answer.PASS:
            verb = "said" if level is Level.ATTEST else "confirmed"
            return f"{verb} {decision.by}"
        case Answer.DONE:
            return f"by hand {decision.by}"
        case Answer.FAIL:
            return decision.note or f"fails, {decision.by}"
        case Answer.WAIVE:
            return f"waived to {decision.until}" if decision.until else "waived"
        case Answer.SKIP:
            return f"skip: {decision.note}" if decision.note else "skipped"
        case Answer.NA:
            return f"n/a: {decision.note}" if decision.note else "n/a"


def awaited(step: Step) -> str:
    """Return who is expected to answer an open step."""
    if step.checked:
        return "ticked in file"
    if step.options.use == "command":
        return "command"
    return "probe" if step.level is Level.AUTO else LEVELS[step.level]


def proposal(state: StepState, standing: Standing) -> Standing | None:
    """Return what a machine proposes for a step that waits for a person, or None."""
    if standing is not Standing.PROPOSED or state.finding is None:
        return None
    return Standing(state.finding.result.value)


def reason(step: Step, state: StepState, standing: Standing) -> str:
    """Return in a few words why *step* stands where it stands."""
    finding, decision = state.finding, state.decision
    match standing:
        case Standing.RUNNING if state.soak and state.soak.due:
            return soaking(state.soak)
        case Standing.RUNNING:
            return "running"
        case Standing.IN_DOUBT:
            return "outcome unknown"
        case Standing.STALE:
            return state.outdated or "too old"
        case Standing.PENDING:
            return awaited(step)
        case Standing.PROPOSED if finding:
            return f"{finding.reason or finding.result.value}?"
    if decision and standing in BY_A_PERSON[decision.answer]:
        return said(decision, step.level)
    if finding:
        if state.regressed_at and standing is Standing.FAIL:
            return f"regressed: {finding.reason}, was {state.passed}"
        # The sign says n/a, and a list has little room.
        return finding.reason.removeprefix(BY_FACT)
    return standing.value


def soaking(soak: Soaked) -> str:
    """Return how far a soak has come: ``soaking, 6 of 20 looks, 1 failed``."""
    failed = f", {soak.failed} failed" if soak.failed else ""
    return f"soaking, {soak.looks} of {soak.planned} looks{failed}"


BY_A_PERSON = {
    Answer.PASS: (Standing.PASS, Standing.WARN),
    Answer.FAIL: (Standing.FAIL,),
    Answer.SKIP: (Standing.SKIPPED,),
    Answer.NA: (Standing.NA,),
    Answer.WAIVE: (Standing.WAIVED,),
    Answer.DONE: (Standing.PASS, Standing.WARN),
}
"""Standings that show a person's answer was what counted."""


def when(state: StepState, standing: Standing) -> str:
    """Return the time (ISO 8601) that a step's age is counted from, or ""."""
    decision = state.decision
    if standing is Standing.PENDING:
        return ""
    if decision and standing in BY_A_PERSON[decision.answer]:
        return decision.at
    return state.probed_at


def ended(command: Command) -> str:
    """Return how the last run of a part went: ``exit 0``, ``running``, …"""
    if not command.ending:
        return "running"
    if command.ending == "exit" and command.code is not None:
        return f"exit {command.code}"
    if command.ending == "in doubt":
        return "settled" if command.settled else "outcome unknown"
    return command.ending
