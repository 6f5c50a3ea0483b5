"""Deciding, noting and attaching: from a key to what the engine is told.

Nothing that was typed is ever lost: it stays with its step until it has been
written down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from runbooks.model import Row, Step
from runbooks.tables import Severity
from state.refusing import objection
from state.rules import as_named, default_end, waivers
from state.standing import Answer
from tui.widgets.answer_line import Field, Prompt
from tui.widgets.outline import UNDECIDED, Outline
from tui.widgets.standings import Standings
from tui.widgets.wording import ANSWERS

if TYPE_CHECKING:
    from tui.engine import Engine

HINTS = {
    Answer.PASS: "Say what was seen, or where it is written down.",
    Answer.FAIL: "Say what fails.",
    Answer.SKIP: "Not now: say why. It stays open for the verdict.",
    Answer.NA: "It does not exist here: say why.",
    Answer.WAIVE: "Known bad, accepted until a date: say why.",
    Answer.DONE: "What shows it: a file, a link, or what was done. Tab: a note.",
}

INTERRUPTED = "It was interrupted: look at the state first, then say what you found."


class Answering:
    """Turns answers into prompts or decisions.

    Args:
        ask: opens the answer line.
        say: shows a sentence in the last line.
        roles: those in which the operator acts.
    """

    def __init__(
        self,
        engine: Engine,
        standings: Standings,
        outline: Outline,
        ask: Callable[[Prompt], None],
        say: Callable[[str], None],
        roles: Sequence[str] = (),
    ) -> None:
        self._engine = engine
        self._waivers = waivers(engine.runbook)
        self._roles = [role for role in roles if as_named(role, self._waivers)]
        self._standings = standings
        self._outline = outline
        self._ask = ask
        self._say = say
        self._drafts: dict[tuple[str, str], Mapping[str, str]] = {}
        self._awaited: dict[str, int] = {}

    def decide(self, steps: Sequence[Step], answer: Answer) -> bool:
        """Give *answer* to *steps*, asking for what is missing.

        Returns whether it was given at once, so that the cursor may move on.
        """
        if any(step.id in self._awaited for step in steps):
            return False  # the key repeated before the first answer was on disk
        blockers = sum(step.severity is Severity.BLOCKER for step in steps)
        if len(steps) > 1 and blockers:
            self._say(
                f"{blockers} of the {len(steps)} marked are blockers: blockers are "
                "answered one by one; unmark them with v."
            )
            return False
        asks = answer is not Answer.PASS or any(
            self._refusal(step, answer, "") for step in steps
        )
        if not asks:
            self._give(steps, answer)
            return True
        for step in steps:
            if sentence := self._refusal(step, answer, "x", "", self._waivers[0]):
                self._say(sentence)
                return False
        self._open(steps, answer)
        return False

    def given(self, prompt: Prompt, values: Mapping[str, str]) -> bool:
        """Take what was typed for a decision; False when it is refused, and said."""
        answer = Answer(prompt.purpose)
        note, until = values["note"], values.get("until", "")
        role, evidence = values.get("role", ""), values.get("evidence", "")
        steps = [self._step(id) for id in prompt.about]
        for step in steps:
            if sentence := self._refusal(step, answer, note or evidence, until, role):
                self._say(sentence)
                return False
        self._give(steps, answer, note, until, role, evidence)
        return True

    def keep(self, prompt: Prompt, values: Mapping[str, str]) -> None:
        """Keep what is typed so far with its steps."""
        for step_id in prompt.about:
            self._drafts[step_id, prompt.purpose] = dict(values)

    def draft(self, step_id: str, purpose: str) -> Mapping[str, str]:
        """Return what was typed for a step and not given, by field."""
        return self._drafts.get((step_id, purpose), {})

    def drop(self, prompt: Prompt) -> None:
        """Forget what was typed: it is written down."""
        for step_id in prompt.about:
            self._drafts.pop((step_id, prompt.purpose), None)

    def written(self, step_id: str) -> bool:
        """A decision on a step is on disk; return whether it was awaited here."""
        for answer in Answer:
            self._drafts.pop((step_id, answer.value), None)
        return self._awaited.pop(step_id, None) is not None

    def failed(self) -> str:
        """Something could not be done; return a step that waits in vain, or ""."""
        waiting = list(self._awaited)
        self._awaited.clear()
        return waiting[0] if waiting else ""

    def next_undecided(self, after: Row | None) -> Row | None:
        """Return the next row in view order that still waits for an answer."""
        rows = self._outline.rows
        start = self._outline.index(after) if after else None
        begin = 0 if start is None else start + 1
        for row in rows[begin:]:
            if (
                row.kind == "step"
                and row.id not in self._awaited
                and self._standings.standing(row.id) in UNDECIDED
            ):
                return row
        return None

    def my_last(self) -> Step | None:
        """Return the step that this person decided last."""
        if waits := self._engine.run.waiting.last_decided():
            return self._step(waits)
        name = self._engine.run.by.name
        latest, found = -1, None
        for step in self._engine.runbook.steps:
            decision = self._standings.state(step.id).decision
            if decision and decision.by == name and decision.seq > latest:
                latest, found = decision.seq, step
        return found

    def _give(
        self,
        steps: Sequence[Step],
        answer: Answer,
        note: str = "",
        until: str = "",
        role: str = "",
        evidence: str = "",
    ) -> None:
        for step in steps:
            self._awaited[step.id] = 1
        ids = [step.id for step in steps]
        self._engine.decide(ids, answer, note, until, role, evidence)

    def _refusal(
        self, step: Step, answer: Answer, note: str, until: str = "", role: str = ""
    ) -> str:
        run, runbook = self._engine.run, self._engine.runbook
        return objection(runbook, run.state, step, answer, note, until, 1, role)

    def _open(self, steps: Sequence[Step], answer: Answer) -> None:
        draft = self.draft(steps[0].id, answer.value)
        fields = [Field("note", "note", draft.get("note", ""))]
        if answer is Answer.DONE:
            shown = draft.get("evidence", "")
            fields.insert(0, Field("evidence", "evidence", shown))
        if answer is Answer.WAIVE:
            until = draft.get("until", default_end())
            fields.append(Field("until", "until", until, "YYYY-MM-DD"))
            if steps[0].severity is Severity.BLOCKER:
                role = draft.get("role", next(iter(self._roles), ""))
                fields.append(Field("role", "as", role, " or ".join(self._waivers)))
        whom = f", {len(steps)} steps" if len(steps) > 1 else ""
        title = f"your answer: {ANSWERS[answer]}{whom} (not saved until Enter)"
        about = tuple(step.id for step in steps)
        hint = HINTS[answer]
        if answer in (Answer.PASS, Answer.FAIL) and any(
            self._standings.state(step.id).doubts for step in steps
        ):
            hint = INTERRUPTED
        self._ask(Prompt(answer.value, title, hint, tuple(fields), about))

    def _step(self, step_id: str) -> Step:
        return self._engine.runbook.step_by_id[step_id]
