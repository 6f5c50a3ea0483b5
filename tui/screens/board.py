"""What the runbook screen shows, and when it is painted anew.

Apart from the keys: the rows change at once, the bars with a short delay that
gathers many changes, the detail when the cursor has rested.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from textual.content import Content

from runbooks.model import Row, Step
from runbooks.tables import Level
from state.standing import Standing
from tui.display import content, joined
from tui.screens.bars import Bars
from tui.widgets.key_line import key_line
from tui.widgets.outline import Filter
from tui.widgets.search import part_of
from tui.widgets.signs import signs
from tui.widgets.step_list import StepList
from tui.widgets.text_view import Paragraph

REST = 0.15
"""Seconds the cursor must rest before the detail follows."""
BROKEN = (Standing.FAIL, Standing.WARN, Standing.UNKNOWN)
"""How a step stands about which something may have to be done."""
BLANK = (Paragraph(content("")),)
GATHER = 0.05
"""Seconds in which changes are gathered before the bars follow."""


class Board(Bars):
    """Panes that show what is known, each as soon as it should."""

    def on_mount(self) -> None:
        start = self._start()
        with self.prevent(StepList.Moved):  # the notice stays until a person moves
            if start is not None:
                self.steps.go_to(start)
        self.show_top()
        self.show_bars()
        self.show_rested()
        self.show_output()
        self.say(self._notice)
        self.set_interval(1, self._second)
        self.call_after_refresh(self._show_left)
        self._every_minute()

    def _show_left(self) -> None:
        """Show what the last command printed, before this screen."""
        if self._left is None or self.outputs.shown:
            return
        # One that was at work is followed from its beginning: not read here.
        outputs = self.engine.run.outputs if self._left.ending else None
        self.outputs.show(self._left.id, outputs)
        self.show_output()

    # ------------------------------------------------------- time and gathering

    def _every_minute(self) -> None:
        """The clock, ages and freshness follow the full minute: one write each."""
        self.set_timer(60 - datetime.now(UTC).timestamp() % 60, self._minute)

    def _minute(self) -> None:
        self.show_top()
        self.standings.look_again()
        self.steps.grow_older()
        self.show_bars()
        self._every_minute()

    def _second(self) -> None:
        """Only while what is on view is at work: how long, how silent, how far."""
        if self.outputs.at_work:
            self.show_output()
            self.panel.refresh()

    def rest_soon(self) -> None:
        """The cursor moved: what hangs on it follows when it rests."""
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(REST, self.show_rested)

    def bars_soon(self) -> None:
        """Something changed: the bars follow, once for many changes."""
        if self._gathering is None:
            self._gathering = self.set_timer(GATHER, self._gathered)

    def _gathered(self) -> None:
        self._gathering = None
        self.show_bars()
        self.show_rested(keep_place=True)

    def on_resize(self) -> None:
        self.call_after_refresh(self._gathered)

    # ---------------------------------------------------------------- painting

    def show_rested(self, *, keep_place: bool = False) -> None:
        """Section line, detail and keys of the row under the cursor."""
        row = self.steps.row
        if self.moved and not keep_place:
            self._too_long = None
            self.status.settle()
        self._show_list_head(row)
        if row is not None:
            detail = self._detail.of(row)
            rule = signs().rule
            said = [Paragraph(self._too_long), *BLANK] if self._too_long else []
            self.detail.show([*said, *detail.text], keep_place=keep_place and not said)
            more = f" {self.detail.below} more " if self.detail.below else ""
            self.line("detail-head").show(
                joined(
                    self._edge(self.detail.has_focus, rule), detail.head, content(" ")
                ),
                content(more, "$foreground-muted"),
            )
        self.show_keys()

    def _show_list_head(self, row: Row | None) -> None:
        section = self._section_of(row) if row else None
        filter = self.outline.filter
        right = "" if filter is Filter.ALL else f" only {filter.value} "
        if marked := len(self.steps.marked):
            right = f" {marked} marked {right}"
        title, done = "", ""
        if section is not None:
            title = f"{self.engine.runbook.section_by_id[section].title} "
            number, total = self.standings.section(section)
            done = f" {number} of {total} " if total else ""
        self.line("list-head").show(
            joined(
                self._edge(self.steps.has_focus, signs().rule), content(title, "bold")
            ),
            content(f"{right}{done}", "$foreground-muted"),
        )

    @staticmethod
    def _edge(focused: bool, rule: str) -> Content:
        return content(f"{rule} ", "bold $accent" if focused else "dim")

    def show_output(self) -> None:
        """Which output is on view, how its command went, and what it printed."""
        outputs, rule = self.outputs, signs().rule
        title, ending, place = outputs.title(), outputs.ending(), outputs.place()
        bad = not ending.startswith(("exit 0", "running", "done")) and ending != ""
        style = "$text-error" if bad else "$foreground-muted"
        more = f"o {place} " if place else ""
        self.line("output-head").show(
            joined(
                self._edge(self.output.has_focus, rule),
                content("output "),
                content(f"{title} ", "$foreground-muted"),
            ),
            joined(
                content(f" {ending} " if ending else "", style),
                content(more, "$foreground-muted"),
            ),
        )
        hint = "" if title else "  nothing has run here; r runs the selected command"
        record = self.engine.run.outputs / f"{outputs.shown}.cast"
        if title and not outputs.scrollback.count and record.exists():
            hint = f"  it had the terminal; its record is outputs/{record.name}"
        self.output.show(outputs.scrollback, hint)

    def say(
        self,
        sentence: str,
        style: str = "",
        *,
        lasting: bool = False,
        whole: bool = True,
    ) -> None:
        """Show a sentence in the last line but one; whole in the detail if it is long.

        It stays until the cursor moves on and rests, or when *lasting* until
        something else is said: so the line comes back to the last of those.
        """
        text = content(sentence, style)
        self.moved = False
        fits = self.status.say(text, lasting=lasting)
        self._too_long = None if fits or not whole else text
        if self._too_long:
            self.show_rested(keep_place=True)

    def show_looking(self, steps: int) -> None:
        """So many steps are still being looked at."""
        first = not self.status.looking
        self.status.look(steps)
        if first or not steps:
            self.bars_soon()

    def show_keys(self) -> None:
        """The keys of this place."""
        acting = self.outputs.acting()
        title = acting.title if acting else ""
        row, refused = self.steps.row, ""
        step = self.engine.runbook.step_by_id.get(row.id) if row else None
        if step and step.level is Level.AUTO:
            # Nobody passes what a machine decides, only what was interrupted of it.
            refused = "" if self.standings.state(step.id).doubts else "step.pass"
        self.line("keys").show(*key_line(self, self.place, title, refused))

    @property
    def place(self) -> str:
        """Where the keys go: ``answer``, ``reading``, ``changing``, ``busy`` or a kind
        of row.

        A step that a machine looks at is named by its level.
        """
        if self.answer.prompt is not None:
            return "answer"
        if self.detail.has_focus or self.output.has_focus:
            return "reading"
        if self.outputs.acting():
            return "changing"
        row = self.steps.row
        if part_of(self.engine.runbook, row) is not None:
            if self.outputs.running():
                return "busy"
            return "command" if row and row.kind == "step" else "part"
        if row and row.kind == "step":
            step = self.engine.runbook.step_by_id[row.id]
            broken = self.standings.standing(step.id) in BROKEN
            if step.actions and (broken or not step.probes):
                return "action"
            if step.options.fix and broken:
                return "fix"
            by_machine = step.probes and step.level is not Level.ATTEST
            return step.level.value if by_machine else "step"
        return row.kind if row else "section"

    def look_at(self, steps: Iterable[Step]) -> None:
        """These steps may stand otherwise now: repaint their rows, soon the bars."""
        rows = []
        for step in steps:
            rows.append(Row("step", step.id))
            rows += [Row("section", id) for id in self.standings.look(step)]
            if self.outline.filter is not Filter.ALL and not self.keeps(step):
                self.row_text.dimmed |= {step.id}
        self.steps.changed(rows)
        self.bars_soon()
