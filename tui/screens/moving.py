"""Moving about: cursor, panels, sections, blockers, filters, marks and finding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on

from runbooks.errors import StateError
from runbooks.model import Row
from tui.screens.board import Board
from tui.widgets.answer_line import Field, Prompt
from tui.widgets.line_view import LineView
from tui.widgets.outline import UNDECIDED
from tui.widgets.search import find
from tui.widgets.step_list import StepList

if TYPE_CHECKING:
    from tui.engine import Engine


class Moving(Board):
    """A board that one can move about on."""

    def __init__(
        self, engine: Engine, notice: str = "", roles: Sequence[str] = ()
    ) -> None:
        super().__init__(engine, notice, roles)
        self._wanted = ""
        self._before_find: Row | None = None

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
            self.status.save(f"place not saved: {error}")

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
        again = f"{self._wanted}, again" if self._wanted else ""
        wanted = Field("text", "find", "", again)
        self._ask(Prompt("find", "find", hint, (wanted,)))

    def action_find_next(self, step: int = 1) -> None:
        row = find(self.engine.runbook, self._wanted, self.steps.row, step)
        if row is not None:
            self.steps.go_to(row)
        elif self._wanted:
            self.say(f"“{self._wanted}” is nowhere in this runbook.")
        else:
            self.action_find()

    def _found(self, wanted: str) -> None:
        """Stay at what was found while it was typed; without text find the last."""
        if not wanted:
            if self._wanted:
                self.action_find_next()
            return
        self._wanted = wanted
        if find(self.engine.runbook, wanted, None, 1) is None:
            self.say(f"“{wanted}” is nowhere in this runbook.")

    def action_find_previous(self) -> None:
        self.action_find_next(-1)

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

    def _ask(self, prompt: Prompt) -> None:
        self.add_class("-asking")
        self.answer.ask(prompt)
        self.show_keys()

    def _close_answer(self) -> None:
        self.answer.close()
        self.remove_class("-asking")
        self.set_focus(self.steps)
        self.call_after_refresh(self._panels_changed)
