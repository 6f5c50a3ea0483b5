"""The runbook screen: from keys to the engine, and from the engine to the board."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.binding import BindingType
from textual.message import Message

from runbooks.errors import GonogoError, StateError
from runbooks.events import Event, Kind
from runbooks.model import Part, Row, Step
from state.author import person
from state.standing import Answer, Standing
from tui.keymap import bindings
from tui.screens.answering import Answering
from tui.screens.board import Board
from tui.told import (
    Asks,
    CommandEnded,
    Happened,
    NeedsTerminal,
    NotSaved,
    OutputCame,
    Refused,
    Saved,
    Told,
)
from tui.widgets.answer_line import AnswerLine, Field, Prompt
from tui.widgets.line_view import LineView
from tui.widgets.outline import UNDECIDED
from tui.widgets.search import find, text_of
from tui.widgets.signs import signs
from tui.widgets.step_list import StepList
from tui.widgets.wording import ANSWERS

if TYPE_CHECKING:
    from runbooks.asking import Question, Reply
    from tui.app import GonogoApp
    from tui.engine import Engine

WHILE_TYPING = frozenset({"back", "next_panel", "help", "command_palette", "quit"})
"""Actions that keys which no Input takes may start while an answer is typed."""
ABOUT_COMMANDS = frozenset(
    {Kind.COMMAND_REQUESTED, Kind.COMMAND_STARTED, Kind.COMMAND_FINISHED}
)
ABOUT_EVERYTHING = frozenset({Kind.DRIFT_FOUND, Kind.RUN_OPENED})


class RunbookScreen(Board):
    """Walks a runbook.

    Args:
        notice: what changed since the run was left, shown until the first key.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("runbook", "find", "list")

    @dataclass
    class Heard(Message):
        """The engine told something; posted from its thread with `tell`."""

        what: Told

    def __init__(self, engine: Engine, notice: str = "") -> None:
        super().__init__(engine, notice)
        self._answering = Answering(
            engine, self.standings, self.outline, self._ask, self.say
        )
        self._wanted = ""
        self._before_find: Row | None = None
        self._shown_by_hand = False

    def tell(self, what: Told) -> None:
        """Take what the engine tells; may be called from any thread."""
        self.post_message(self.Heard(what))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """While an answer is typed no key may do anything behind it."""
        return self.answer.prompt is None or action in WHILE_TYPING

    # ---------------------------------------------------------- moving about

    @on(StepList.Moved)
    def follow_cursor(self) -> None:
        self.moved = True
        self.rest_soon()

    def show_rested(self, *, keep_place: bool = False) -> None:
        super().show_rested(keep_place=keep_place)
        if (row := self.steps.row) and not keep_place:
            self._remember(row)

    def _remember(self, row: Row) -> None:
        try:
            self.engine.run.cursor = row.id
        except StateError as error:
            self.saved(f"place not saved: {error}")

    @property
    def _panel(self) -> LineView:
        return self.focused if isinstance(self.focused, LineView) else self.steps

    def _move(self, by: int) -> None:
        if isinstance(self._panel, StepList):
            self._panel.move(by)
        else:
            self._panel.scroll_by(by)
            self.show_rested(keep_place=True)

    def action_cursor_down(self) -> None:
        self._move(1)

    def action_cursor_up(self) -> None:
        self._move(-1)

    def action_page_down(self) -> None:
        self._move(max(1, self._panel.size.height - 1))

    def action_page_up(self) -> None:
        self._move(-max(1, self._panel.size.height - 1))

    def action_first(self) -> None:
        self._move(-self._panel.line_count)

    def action_last(self) -> None:
        self._move(self._panel.line_count)

    def action_section(self, direction: int) -> None:
        rows, index = self.outline.rows, self.steps.cursor + direction
        while 0 <= index < len(rows):
            if rows[index].kind == "section":
                self.steps.go(index)
                return
            index += direction

    def action_open(self) -> None:
        row = self.steps.row
        if row is None or self.focused is self.detail:
            self.action_back()
        elif row.kind == "section":
            self.outline.toggle(row.id)
            self.steps.rearranged(row)
        else:
            self.add_class("-reading")
            self.detail.focus()
            self.call_after_refresh(self.show_rested)

    def action_next_panel(self) -> None:
        if self.answer.prompt is not None:
            self.answer.next_field()
            return
        panels = [p for p in (self.steps, self.detail, self.output) if p.is_on_screen]
        index = panels.index(self._panel) if self._panel in panels else -1
        panels[(index + 1) % len(panels)].focus()
        self.call_after_refresh(self._panels_changed)

    def _panels_changed(self) -> None:
        self.show_rested(keep_place=True)
        self.show_output()

    def action_back(self) -> None:
        if self.answer.prompt is not None:
            self.answer.leave()
        elif self.focused is not self.steps or self.has_class("-reading"):
            self.remove_class("-reading")
            self.steps.focus()
            self.call_after_refresh(self._panels_changed)
        elif self.steps.marked:
            self._unmark()

    def action_blockers(self) -> None:
        ids = set(self.blocking)
        if not self.engine.runbook.declares:
            ids = {
                step.id
                for step in self.engine.runbook.steps
                if self.standings.standing(step.id) in UNDECIDED
            }
        rows = self.engine.runbook.rows
        here = rows.index(self.steps.row) if self.steps.row else -1
        for row in (*rows[here + 1 :], *rows[: here + 1]):
            if row.kind == "step" and row.id in ids:
                self.steps.go_to(row)
                return
        self.say("Nothing blocks.")

    def action_filter(self) -> None:
        row = self.steps.row
        following = self.outline.filter.after
        self.outline.narrow(
            following,
            lambda step: following.keeps(
                self.standings.standing(step.id), self.mine(step)
            ),
        )
        self.row_text.dimmed = frozenset()
        self.steps.rearranged(row)
        self.show_rested()
        if not self.outline.rows:
            self.say(f"Nothing here is {following.value}; f shows the next.")

    # --------------------------------------------------------------- finding

    def action_find(self) -> None:
        self._before_find = self.steps.row
        hint = "Enter stays there, Esc goes back; n and N find the next and the last."
        wanted = Field("text", "find", self._wanted)
        self._ask(Prompt("find", "find", hint, (wanted,)))

    def action_find_next(self, step: int = 1) -> None:
        row = find(self.engine.runbook, self._wanted, self.steps.row, step)
        if row is not None:
            self.steps.go_to(row)
        elif self._wanted:
            self.say(f"“{self._wanted}” is nowhere in this runbook.")
        else:
            self.action_find()

    def action_find_previous(self) -> None:
        self.action_find_next(-1)

    # -------------------------------------------------------------- deciding

    def _ask(self, prompt: Prompt) -> None:
        self.add_class("-asking")
        self.answer.ask(prompt)
        self.show_keys()

    def _close_answer(self) -> None:
        self.answer.close()
        self.remove_class("-asking")
        self.steps.focus()
        self.call_after_refresh(self._panels_changed)

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

    def action_decide(self, answer: str) -> None:
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

    def action_mark(self) -> None:
        row = self.steps.row
        if row is None or row.kind != "step":
            self.say("Only steps are marked.")
            return
        self.steps.marked ^= {row.id}
        self.steps.changed([row])
        self.show_rested(keep_place=True)

    def _unmark(self) -> None:
        rows = [Row("step", id) for id in self.steps.marked]
        self.steps.marked.clear()
        self.steps.changed(rows)
        self.show_rested(keep_place=True)

    def action_note(self) -> None:
        self._ask_about("note", "note", "What the next one on shift should know.")

    def action_edit(self) -> None:
        row = self.steps.row
        if row is not None and row.kind == "part":
            self._edit(self.engine.runbook.part_by_id[row.id])
            return
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
        if message.prompt.purpose != "find":
            self._answering.keep(message.prompt, message.values)
        elif wanted := message.values["text"]:
            rows = self.engine.runbook.rows
            start = self._before_find
            before = rows[rows.index(start) - 1] if start else None
            found = find(self.engine.runbook, wanted, before, 1)
            if found is not None:
                self.steps.go_to(found)

    @on(AnswerLine.Left)
    def leave(self, message: AnswerLine.Left) -> None:
        self._close_answer()
        if message.prompt.purpose == "find":
            if self._before_find is not None:
                self.steps.go_to(self._before_find)
        elif any(message.values.values()):
            self._answering.keep(message.prompt, message.values)
            self.say("What you typed is kept for this step.")

    @on(AnswerLine.Given)
    def give(self, message: AnswerLine.Given) -> None:
        prompt, values = message.prompt, message.values
        if prompt.purpose == "find":
            self._wanted = values["text"]
            self._close_answer()
        elif prompt.purpose in ("note", "evidence"):
            if not (text := values["text"].strip()):
                self.say("Nothing is typed yet; Esc leaves.")
                return
            self._close_answer()
            for step_id in prompt.about:
                if prompt.purpose == "note":
                    self.engine.note(step_id, text)
                else:
                    self.engine.attach(step_id, kind_of(text), text)
        elif self._answering.given(prompt, values):
            self._close_answer()
            self._decided([self.engine.runbook.step_by_id[id] for id in prompt.about])

    # -------------------------------------------------- commands and probes

    def _part(self) -> Part | None:
        """The part that is meant: under the cursor, or the step's only one."""
        runbook, row = self.engine.runbook, self.steps.row
        if row is not None and row.kind == "part":
            return runbook.part_by_id[row.id]
        if row is not None and row.kind == "step":
            if own := runbook.step_by_id[row.id].part:
                return runbook.part_by_id[own]
            parts = [p for b in runbook.blocks if b.step == row.id for p in b.parts]
            if len(parts) == 1:
                return parts[0]
            if parts:
                self.say(f"This step has {len(parts)} commands: go to one of them.")
                return None
        self.say(
            f"There is no command here; commands are the rows with {signs().part}."
        )
        return None

    def action_run_part(self) -> None:
        if part := self._part():
            self._shown_by_hand = False
            self.engine.run_part(part.id)

    def action_run_block(self) -> None:
        if part := self._part():
            self._shown_by_hand = False
            self.engine.run_block(part.block)

    def _edit(self, part: Part) -> None:
        from tui.screens.edit import EditScreen

        def run(text: str | None) -> None:
            if text is not None:
                self.engine.run_part(part.id, text)

        self.app.push_screen(EditScreen(part.text, part.title), run)

    def action_stop(self) -> None:
        command = self.outputs.running()
        if command is None:
            self.say("No command is running.")
        else:
            self.say(f"Stopping: {command.text.strip().splitlines()[0]}")
            self.engine.stop(command.id)

    def action_probe(self) -> None:
        row = self.steps.row
        if row is None or row.kind == "part":
            self.say("Go to a step or a section to probe it; r runs a command.")
            return
        ids = [row.id] if row.kind == "step" else self.standings.inside(row.id)
        self.engine.probe(ids)

    def action_probe_all(self) -> None:
        self.engine.probe()

    def action_outputs(self) -> None:
        row = self.steps.row
        last = self.engine.run.commands.get(row.id) if row else None
        self._shown_by_hand = True
        if last and last.id != self.outputs.shown:
            self.outputs.show(last.id, self.engine.run.outputs)
        elif not self.outputs.show_next():
            self.say("There is no other output.")
        self.show_output()

    def action_full_screen(self) -> None:
        from tui.screens.output import OutputScreen

        if not self.outputs.shown:
            self.say("Nothing has run here yet.")
            return
        screen = OutputScreen(self.outputs, self.engine)
        self.app.push_screen(screen, lambda _: self.show_output())

    def action_copy(self) -> None:
        from tui.copying import copy

        row = self.steps.row
        if self.focused is self.output:
            text = self.outputs.scrollback.text()
        elif self.focused is self.detail:
            text = self.detail.text
        else:
            text = text_of(self.engine.runbook, row) if row else ""
        self.say(copy(self.app, text))

    # ------------------------------------------------------ what is told

    @on(Heard)
    def take(self, message: RunbookScreen.Heard) -> None:
        match message.what:
            case Happened(event):
                self._happened(event)
            case OutputCame(command, data, skipped):
                self.outputs.printed(command, data, skipped)
                self._show_new(command)
            case CommandEnded(command, ending):
                self.outputs.of(command).finish()
                self._command_changed(command)
                if ending.survivors:
                    self.say(f"Still alive: {', '.join(ending.survivors)}", "$warning")
            case Saved(seq):
                self.saved(f"saved #{seq}")
            case NotSaved(reason):
                self._failed(reason)
                self.saved("NOT SAVED")
            case Refused(sentence):
                self._failed(sentence)
            case Asks(question):
                self._question(question)
            case NeedsTerminal() as needs:
                self._hand_over(needs)

    def _happened(self, event: Event) -> None:
        runbook, step_id = self.engine.runbook, event.step or ""
        if event.kind in ABOUT_EVERYTHING:
            self.standings.look_again()
            self.steps.refresh()
            self.bars_soon()
        elif event.kind in ABOUT_COMMANDS:
            self._command_changed(str(event.data.get("command", "")))
        elif step_id in runbook.step_by_id:
            step = runbook.step_by_id[step_id]
            if event.kind is Kind.DECIDED:
                self._answering.written(step_id)
            self.look_at([step])
            if sentence := _sentence(event, step):
                self.saved(f"saved #{event.seq}")
                self.say(f"{signs().standing[Standing.PASS]} {sentence}", lasting=True)

    def _command_changed(self, command_id: str) -> None:
        """A command began or ended: its row and its step's, and the output's head."""
        command = self.outputs.command(command_id)
        if command is None:
            return
        runbook = self.engine.runbook
        self.steps.changed([Row("part", command.part)])
        part = runbook.part_by_id.get(command.part)
        block = runbook.block_by_id.get(part.block) if part else None
        steps = [step for step in runbook.steps if step.part == command.part]
        if block and block.step:
            steps.append(runbook.step_by_id[block.step])
        self.look_at(steps)
        self._show_new(command_id)
        self.show_output()

    def _show_new(self, command_id: str) -> None:
        """Put a command on view unless the operator is looking at another one."""
        if self.outputs.shown == command_id or self._shown_by_hand:
            return
        known = self.outputs.command(self.outputs.shown)
        if known is None or known.ending:
            self.outputs.show(command_id)
            self.show_output()

    def _failed(self, sentence: str) -> None:
        """Something did not happen: say it, and go back to the step that waits."""
        step_id = self._answering.failed()
        if step_id:
            self.steps.go_to(Row("step", step_id))
        self.say(sentence, "$text-error")

    def _question(self, question: Question) -> None:
        from tui.screens.question import QuestionScreen

        def reply(given: Reply | None) -> None:
            self.engine.answer(question.id, given)

        self.app.push_screen(QuestionScreen(question), reply)

    def _hand_over(self, needs: NeedsTerminal) -> None:
        """Give the terminal to an interactive command; it comes back afterwards."""
        from textual.app import SuspendNotSupported

        from runbooks.commands import Ending, run_interactive

        app = cast("GonogoApp", self.app)
        try:
            with app.lend_terminal(), app.suspend():
                ending = run_interactive(needs.plan)
        except (SuspendNotSupported, GonogoError) as error:
            why = str(error) or "This terminal cannot be handed over to a command."
            self._failed(why)
            ending = Ending(
                code=None, ending="not started", seconds=0.0, started="", finished=""
            )
        self.engine.interactive_ended(needs.plan.id, ending)


def _sentence(event: Event, step: Step) -> str:
    """What was written down, for the last line; "" for what needs no telling."""
    who, data = person(event.by), event.data
    match event.kind:
        case Kind.DECIDED:
            return (
                f"#{event.seq} {who}: {ANSWERS[Answer(data['answer'])]} – {step.text}"
            )
        case Kind.UNDONE:
            return f"#{event.seq} {who} took back: {step.text}"
        case Kind.NOTED:
            return f"#{event.seq} {who} noted on: {step.text}"
        case Kind.ATTACHED:
            return f"#{event.seq} {who} attached evidence to: {step.text}"
        case Kind.EDITED_BY_HAND:
            return f"#{event.seq} edited by hand: {step.text}"
        case _:
            return ""


def kind_of(evidence: str) -> str:
    """Return whether *evidence* is a ``link``, a ``file`` or plain ``text``."""
    scheme, separator, _ = evidence.partition("://")
    if separator and scheme.isalnum():
        return "link"
    try:
        path = Path(evidence).expanduser()
        looks = evidence.startswith(("/", "./", "../", "~/")) or path.exists()
    except (OSError, RuntimeError, ValueError):  # no path at all
        return "text"
    return "file" if looks and "\n" not in evidence else "text"
