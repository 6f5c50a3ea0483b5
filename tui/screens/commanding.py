"""Commands, probes and outputs by keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runbooks.model import Part, Step
from tui.screens.deciding import Deciding
from tui.widgets.search import part_of, text_of
from tui.widgets.signs import signs

if TYPE_CHECKING:
    from runbooks.remedies import Remedy
    from tui.engine import Engine


class Commanding(Deciding):
    """A board whose parts run."""

    def __init__(
        self, engine: Engine, notice: str = "", roles: Sequence[str] = ()
    ) -> None:
        super().__init__(engine, notice, roles)
        self._shown_by_hand = False
        self._edited_texts: dict[str, str] = {}
        """Part id to the text it last ran with, where that was edited."""

    def _part(self) -> Part | None:
        """The part that is meant: under the cursor, or the step's only one."""
        runbook, row = self.engine.runbook, self.steps.row
        if part := part_of(runbook, row):
            return part
        if row is not None and row.kind == "step":
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
        if actions := self._actions():
            self._choose(actions)
        elif part := self._part():
            self._shown_by_hand = False
            self._edited_texts.pop(part.id, None)
            self.engine.run_part(part.id)

    def _actions(self) -> list[Remedy]:
        """The actions of the step under the cursor, if it has no commands."""
        runbook, row = self.engine.runbook, self.steps.row
        if row is None or row.kind != "step":
            return []
        step = runbook.step_by_id[row.id]
        if step.part or any(block.step == step.id for block in runbook.blocks):
            return []
        return [remedy for remedy in self._remedies(step) if remedy.action]

    def _remedies(self, step: Step) -> Sequence[Remedy]:
        from runbooks.remedies import remedies

        if not (step.actions or step.options.fix):
            return ()
        return remedies(step, self.engine.target)

    def action_fix(self) -> None:
        row = self.steps.row
        if row is None or row.kind != "step":
            self.say("Go to a step to see what can be done about it.")
        elif offered := self._remedies(self.engine.runbook.step_by_id[row.id]):
            self._choose(offered, always=True)
        else:
            self.say(
                "No fix and no action is for this target; see the hint of the step."
            )

    def _choose(self, offered: Sequence[Remedy], always: bool = False) -> None:
        """Do the only one, or let the operator choose; the door asks after that."""
        from tui.screens.remedies import RemedyScreen

        def chosen(remedy: Remedy | None) -> None:
            if remedy is not None:
                self._shown_by_hand = False
                self.engine.remedy(remedy)

        if len(offered) == 1 and not always:
            chosen(offered[0])
            return
        title = self.engine.runbook.step_by_id[offered[0].step].text
        self.app.push_screen(RemedyScreen(offered, title), chosen)

    def action_run_interactive(self) -> None:
        if part := self._part():
            text = self._edited_texts.get(part.id)
            self.engine.run_part(part.id, text, interactive=True)

    def action_shell(self) -> None:
        self.engine.shell()

    def action_run_block(self) -> None:
        if part := self._part():
            self._shown_by_hand = False
            self.engine.run_block(part.block)

    def action_edit(self) -> None:
        if part := part_of(self.engine.runbook, self.steps.row):
            self._edit(part)
        else:
            super().action_edit()

    def _edit(self, part: Part) -> None:
        from tui.screens.edit import EditScreen

        def run(text: str | None) -> None:
            if text is not None:
                self._edited_texts[part.id] = text
                self.engine.run_part(part.id, text)

        self.app.push_screen(EditScreen(part.text, part.title), run)

    def action_stop(self) -> None:
        id, name = self.outputs.to_stop()
        if not id:
            self.say("No command is running.")
        elif id in self.engine.run.actions:
            self.say(f"No longer watched, what was sent goes on: {name}")
            self.engine.stop(id)
        else:
            self.say(f"Stopping: {name}")
            self.engine.stop(id)

    def action_probe(self) -> None:
        row = self.steps.row
        if row is None or row.kind == "part":
            self.say("Go to a step or a section to probe it; r runs a command.")
            return
        ids = [row.id] if row.kind == "step" else self.standings.inside(row.id)
        self.engine.probe(ids)

    def action_probe_all(self) -> None:
        self.engine.probe()

    def action_plan(self) -> None:
        self.say("Dry run: what only reads is run, nothing is changed.")
        self.engine.plan()

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
