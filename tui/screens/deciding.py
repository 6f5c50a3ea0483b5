"""Answering by keys: decisions, notes, evidence, and what is typed for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on

from runbooks.model import Row, Step
from state.doubts import Doubt
from state.standing import Answer
from tui.screens.answering import Answering
from tui.screens.moving import Moving
from tui.widgets.answer_line import AnswerLine, Field, Prompt
from tui.widgets.search import find

if TYPE_CHECKING:
    from tui.engine import Engine


CHANGING = ("arm", "accept", "settle")
"""Purposes of prompts that `Changing` puts."""


class Deciding(Moving):
    """A board whose steps are answered in place."""

    def __init__(
        self, engine: Engine, notice: str = "", roles: Sequence[str] = ()
    ) -> None:
        super().__init__(engine, notice, roles)
        self._answering = Answering(
            engine, self.standings, self.outline, self._ask, self.say, roles
        )

    def _meant(self) -> list[Step]:
        """The marked steps in document order, else the one under the cursor."""
        runbook = self.engine.runbook
        if marked := self.steps.marked:
            return [step for step in runbook.steps if step.id in marked]
        row = self.steps.row
        if row is not None and row.kind == "step":
            return [runbook.step_by_id[row.id]]
        self.say("Go to a step to answer it; a command is run with r.")
        return []

    def ask_to_settle(self, doubt: Doubt) -> None:
        """Ask why an interrupted command or action is in doubt no longer."""
        title = f"was interrupted: {doubt.title} (not saved until Enter)"
        hint = "Look at the state first; then say what you found."
        field = Field("text", "found")
        self._ask(Prompt("settle", title, hint, (field,), rest={"id": doubt.id}))

    def _doubt_here(self) -> Doubt | None:
        """What was interrupted, if that is the command under the cursor."""
        row = self.steps.row
        doubts = self.engine.run.state.doubts.values()
        part = row.id if row and row.kind == "part" else None
        return next((doubt for doubt in doubts if doubt.part == part), None)

    def action_decide(self, answer: str) -> None:
        if doubt := self._doubt_here():
            self.ask_to_settle(doubt)
            return
        steps = self._meant()
        if steps and self._answering.decide(steps, Answer(answer)):
            self._decided(steps)

    def _decided(self, steps: list[Step]) -> None:
        """A person has answered: the cursor moves on."""
        last = Row("step", steps[-1].id)
        if self.steps.marked:
            self._unmark()
        following = self._answering.next_undecided(last)
        if following is not None:
            self.steps.go_to(following)

    def action_withdraw(self) -> None:
        step = self._answering.my_last()
        if step is None:
            self.say("You have decided nothing yet; nothing to take back.")
            return
        self.steps.go_to(Row("step", step.id))
        self.engine.withdraw(step.id)

    def action_note(self) -> None:
        self._ask_about("note", "note", "What the next one on shift should know.")

    def action_edit(self) -> None:
        hint = "A link, the path of a file, or the text itself."
        self._ask_about("evidence", "evidence", hint)

    def _ask_about(self, purpose: str, label: str, hint: str) -> None:
        if not (steps := self._meant()):
            return
        draft = self._answering.draft(steps[0].id, purpose)
        field = Field("text", label, draft.get("text", ""))
        title = f"{label} (not saved until Enter)"
        about = tuple(step.id for step in steps)
        self._ask(Prompt(purpose, title, hint, (field,), about))

    @on(AnswerLine.Typed)
    def keep_typed(self, message: AnswerLine.Typed) -> None:
        if message.prompt.about:
            self._answering.keep(message.prompt, message.values)
        elif message.prompt.purpose == "find" and (wanted := message.values["text"]):
            rows = self.engine.runbook.rows
            start = self._before_find
            before = rows[rows.index(start) - 1] if start else None
            found = find(self.engine.runbook, wanted, before, 1)
            if row := found or start:
                self.steps.go_to(row)

    @on(AnswerLine.Left)
    def leave(self, message: AnswerLine.Left) -> None:
        self._close_answer()
        if message.prompt.purpose == "find":
            if self._before_find is not None:
                self.steps.go_to(self._before_find)
        elif message.prompt.about and any(message.values.values()):
            self._answering.keep(message.prompt, message.values)
            self.say("What you typed is kept for this step.")

    def change_given(self, prompt: Prompt, text: str) -> None:
        """Take what was typed for a change of systems."""
        raise NotImplementedError

    @on(AnswerLine.Given)
    def give(self, message: AnswerLine.Given) -> None:
        prompt, values = message.prompt, message.values
        if prompt.purpose == "find":
            self._close_answer()
            self._found(values["text"])
        elif prompt.purpose in CHANGING:
            self.change_given(prompt, values["text"].strip())
        elif prompt.purpose in ("note", "evidence"):
            if not (text := values["text"].strip()):
                self.say("Nothing is typed yet; Esc leaves.")
                return
            self._close_answer()
            for step_id in prompt.about:
                if prompt.purpose == "note":
                    self.engine.note(step_id, text)
                else:
                    self.engine.attach(step_id, text)
        elif self._answering.given(prompt, values):
            self._close_answer()
            self._decided([self.engine.runbook.step_by_id[id] for id in prompt.about])
