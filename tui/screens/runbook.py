"""The runbook screen: what the engine tells, and the whole put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Input

from runbooks.errors import GonogoError
from runbooks.events import Event, Kind
from runbooks.model import Row
from state.standing import Standing
from tui.event_words import of_action, of_changes, of_step
from tui.keymap import bindings
from tui.screens.resuming import Resuming
from tui.told import (
    ActionEnded,
    Advanced,
    Announced,
    Asks,
    CommandEnded,
    Happened,
    LookedBack,
    Looking,
    NeedsTerminal,
    NotSaved,
    OutputCame,
    PlanMade,
    Refused,
    Saved,
    SystemsMet,
    Told,
)
from tui.widgets.signs import signs

if TYPE_CHECKING:
    from runbooks.asking import Question, Reply
    from runbooks.changes import Progress
    from runbooks.planned import Planned
    from tui.app import GonogoApp


WHILE_TYPING = frozenset({"back", "next_panel", "help", "command_palette", "quit"})
"""Actions that keys which no Input takes may start while an answer is typed."""
ABOUT_COMMANDS = frozenset(
    {Kind.COMMAND_REQUESTED, Kind.COMMAND_STARTED, Kind.COMMAND_FINISHED}
)
ABOUT_TOP = frozenset({Kind.RUN_OPENED, Kind.RUN_CLOSED, Kind.TRUSTED})
ABOUT_CHANGES = frozenset(
    {
        Kind.ARMED,
        Kind.DISARMED,
        Kind.LEVER_TAKEN,
        Kind.LEVER_ASKED,
        Kind.LEVER_RELEASED,
        Kind.HANDED_OVER,
        Kind.ACTION_REQUESTED,
        Kind.ACTION_FINISHED,
        Kind.LOOSE_END_ACCEPTED,
        Kind.IDENTITY_RECORDED,
        Kind.CLOCK_JUMPED,
    }
)
ABOUT_EVERYTHING = frozenset(
    {Kind.DRIFT_FOUND, Kind.RUN_OPENED, Kind.PROFILE_READ, Kind.IDENTITY_SEEN}
)


class RunbookScreen(Resuming):
    """Walks a runbook.

    Args:
        notice: what changed since the run was left, shown until the first key.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("runbook", "find", "list")

    @dataclass
    class Heard(Message):
        """The engine told something; posted from its thread with `tell`."""

        what: Told

    _unsaved = False

    def tell(self, what: Told) -> None:
        """Take what the engine tells; may be called from any thread."""
        self.post_message(self.Heard(what))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """While an answer is typed no key may do anything behind it."""
        if action == "faults" and self.deployment is None:
            return False
        return self.answer.prompt is None or action in WHILE_TYPING

    def typed_ahead(self, key: events.Key) -> bool:
        """Give the answer line a key that left for the list before it had opened."""
        late = key.is_printable or not isinstance(self.focused, Input)
        if self.answer.prompt is None or not late or key.key == "escape":
            return False
        self.answer.take(key)
        return True

    @on(Heard)
    def take(self, message: RunbookScreen.Heard) -> None:
        match message.what:
            case Happened(event):
                self._happened(event)
            case OutputCame(command, data, skipped):
                self.outputs.printed(command, data, skipped)
                self._show_new(command)
            case Advanced(_, progress):
                self._advanced(progress)
            case ActionEnded(action):
                self._action_ended(action)
            case CommandEnded(command, ending):
                self.outputs.of(command).finish()
                self._command_changed(command)
                if ending.survivors:
                    self.say(f"Still alive: {', '.join(ending.survivors)}", "$warning")
                elif ending.needs_terminal:
                    self.say("It wants a terminal: I runs it again with one.")
            case Saved(seq):
                self.status.save(f"saved #{seq}")
                self._all_saved(True)
            case NotSaved(reason):
                self._failed(reason)
                self.status.save("NOT SAVED")
                self._all_saved(False)
            case Announced(sentence, news):
                self.say(sentence, lasting=news)
            case Looking(steps):
                self.show_looking(steps)
            case Refused(sentence):
                self._failed(sentence)
            case LookedBack(found):
                self.looked_back(found)
            case SystemsMet(met):
                self.systems_met(met)
            case Asks(question):
                self._question(question)
            case PlanMade(planned):
                self._plan_made(planned)
            case NeedsTerminal() as needs:
                self._hand_over(needs)

    def _all_saved(self, saved: bool) -> None:
        """Show the steps of which something is not on disk, or no longer."""
        if not saved or self._unsaved:
            self.steps.refresh()
        self._unsaved = not saved

    def _happened(self, event: Event) -> None:
        runbook, step_id = self.engine.runbook, event.step or ""
        self.changes_again()
        if event.kind in ABOUT_TOP:
            self.show_top()
            self.bars_soon()
        if event.kind in ABOUT_CHANGES:
            self.show_top()
            self.bars_soon()
            if sentence := of_changes(event):
                self.say(sentence)
            if event.kind is Kind.ACTION_REQUESTED:
                self._show_new(event.data["command"])
                self.show_keys()
            if step_id in runbook.step_by_id:
                self.look_at([runbook.step_by_id[step_id]])
        if event.kind in ABOUT_EVERYTHING:
            self.standings.look_again()
            self.steps.refresh()
            self.bars_soon()
        elif event.kind in ABOUT_COMMANDS:
            self._command_changed(str(event.data.get("command", "")))
        elif step_id in runbook.step_by_id:
            step = runbook.step_by_id[step_id]
            if event.kind in (Kind.DECIDED, Kind.SETTLED):
                self._answering.written(step_id)
            self.look_at([step])
            if sentence := of_step(event, step):
                if not self.engine.run.waiting:
                    self.status.save(f"saved #{event.seq}")
                done = f"{signs().standing[Standing.PASS]} {sentence}"
                self.say(done, lasting=True, whole=False)

    def _advanced(self, progress: Progress | None) -> None:
        """An action has come so far; None when it is over."""
        self.set_class(progress is not None, "-changing")
        self.panel.advance(progress)
        self.show_output()
        self.show_keys()

    def _action_ended(self, id: str) -> None:
        """Say how it ended, and what is unlike before where it took something back."""
        actions = self.engine.run.actions
        self.outputs.of(id).finish()
        self._advanced(None)
        acted = actions[id]
        style = "" if acted.ending == "done" else "$text-error"
        self.say(of_action(actions, acted), style)

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
        self.show_keys()

    def _show_new(self, command_id: str) -> None:
        """Put a command on view unless the operator is looking at another one."""
        if self.outputs.shown == command_id or self._shown_by_hand:
            return
        if not self.outputs.at_work:
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

        def shown(names: Sequence[str]) -> None:
            self.engine.secret_shown(names)

        self.app.push_screen(QuestionScreen(question, shown), reply)

    def _plan_made(self, planned: Sequence[Planned]) -> None:
        from tui.screens.plan import PlanScreen

        self.say("The dry run is over; nothing was changed.")
        self.app.push_screen(PlanScreen(self.engine.runbook, planned))

    def _hand_over(self, needs: NeedsTerminal) -> None:
        """Give the terminal to an interactive command; it comes back afterwards."""
        from textual.app import SuspendNotSupported

        from runbooks.commands import Ending, run_interactive

        app = cast("GonogoApp", self.app)
        try:
            with app.lend_terminal(), app.suspend():
                ending = run_interactive(needs.plan)
            self.outputs.read(needs.plan.id, needs.plan.outputs)
        except (SuspendNotSupported, GonogoError) as error:
            handed = isinstance(error, GonogoError)
            why = "Nothing ran: this terminal cannot be handed over to a command."
            self._failed(str(error) if handed else why)
            ending = Ending(
                code=None, ending="stopped", seconds=0.0, started="", finished=""
            )
        self.engine.interactive_ended(needs.plan.id, ending)
