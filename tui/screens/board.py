"""What the runbook screen shows, and when it is painted anew.

Apart from the keys: the rows change at once, the bars with a short delay that
gathers many changes, the detail when the cursor has rested.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from textual.content import Content

from runbooks.model import Row, Step
from tui.display import content
from tui.screens.panes import Panes
from tui.widgets import verdict_bar
from tui.widgets.key_line import key_line
from tui.widgets.outline import OPEN, Filter
from tui.widgets.signs import signs

REST = 0.15
"""Seconds the cursor must rest before the detail follows."""
GATHER = 0.05
"""Seconds in which changes are gathered before the bars follow."""


class Board(Panes):
    """Panes that show what is known, each as soon as it should."""

    def on_mount(self) -> None:
        start = self._start()
        if start is not None and self.outline.reveal(start):
            self.steps.rearranged(start)
        elif start is not None:
            self.steps.go(self.outline.index(start) or 0)
        self.show_top()
        self.show_bars()
        self.show_rested()
        self.show_output()
        self.say(self._notice)
        self.set_interval(1, self._second)
        self._every_minute()

    # ------------------------------------------------------- time and gathering

    def _every_minute(self) -> None:
        """The clock, ages and freshness follow the full minute: one write each."""
        self.set_timer(60 - datetime.now(UTC).timestamp() % 60, self._minute)

    def _minute(self) -> None:
        self.show_top()
        self.standings.look_again()
        self.steps.refresh()
        self.show_bars()
        self._every_minute()

    def _second(self) -> None:
        """Only while a command is on view and at work: how long, how silent."""
        if self.outputs.at_work:
            self.show_output()

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
        self.call_after_refresh(self.show_rested, keep_place=True)

    # ---------------------------------------------------------------- painting

    def show_top(self) -> None:
        """Target, runbook, OBSERVE, who, and the clock in UTC."""
        engine = self.engine
        if engine.run.target:
            left = content(engine.run.target, "bold $accent")
        else:
            left = content("no target profile: write gonogo.toml (? says how)")
        title = content(f"  {engine.runbook.title}", "$foreground-muted")
        if left.cell_length + title.cell_length < self.size.width - 30:
            left = Content.assemble(left, title)
        right = Content.assemble(
            Content.styled(" OBSERVE", "bold"),
            content(f"   {engine.run.by.name}   "),
            clock(),
        )
        self.line("top").show(left, right)

    def show_bars(self) -> None:
        """The verdict, how far it is, and what blocks."""
        engine = self.engine
        runbook = engine.runbook
        verdict = self._tally.verdict(engine.run.progress, datetime.now(UTC))
        self._verdict = verdict
        mine = sum(
            self.mine(step) and self.standings.standing(step.id) in OPEN
            for step in runbook.steps
        )
        gate = "go" if runbook.declares else ""
        self.line("verdict").show(
            verdict_bar.summary(verdict, mine), verdict_bar.progress(verdict, gate)
        )
        self.line("blocking").show(
            *verdict_bar.blocking(verdict, runbook, self.standings)
        )

    @property
    def blocking(self) -> tuple[str, ...]:
        """Ids of the steps that keep the verdict from GO, in document order."""
        return tuple(id for id, _ in self._verdict.blocking) if self._verdict else ()

    def show_rested(self, *, keep_place: bool = False) -> None:
        """Section line, detail and keys of the row under the cursor."""
        row = self.steps.row
        if self.moved and not keep_place:
            self.line("status").show(self._lasting, self._saved_text())
        self._show_list_head(row)
        if row is not None:
            detail = self._detail.of(row)
            rule = signs().rule
            self.detail.show(detail.text, keep_place=keep_place)
            more = f" {self.detail.below} more " if self.detail.below else ""
            self.line("detail-head").show(
                Content.assemble(
                    self._edge(self.detail.has_focus, rule), detail.head, " "
                ),
                Content.styled(more, "$foreground-muted"),
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
            Content.assemble(
                self._edge(self.steps.has_focus, signs().rule), content(title, "bold")
            ),
            content(f"{right}{done}", "$foreground-muted"),
        )

    @staticmethod
    def _edge(focused: bool, rule: str) -> Content:
        return Content.styled(f"{rule} ", "bold $accent" if focused else "dim")

    def show_output(self) -> None:
        """Which output is on view, how its command went, and what it printed."""
        outputs, rule = self.outputs, signs().rule
        title, ending, place = outputs.title(), outputs.ending(), outputs.place()
        bad = not ending.startswith(("exit 0", "running")) and ending != ""
        style = "$text-error" if bad else "$foreground-muted"
        more = f"o {place} " if place else ""
        self.line("output-head").show(
            Content.assemble(
                self._edge(self.output.has_focus, rule),
                "output ",
                content(f"{title} ", "$foreground-muted"),
            ),
            Content.assemble(
                content(f" {ending} " if ending else "", style),
                Content.styled(more, "$foreground-muted"),
            ),
        )
        hint = "" if title else "  nothing has run here; r runs the selected command"
        self.output.show(outputs.scrollback, hint)

    def say(self, sentence: str, style: str = "", *, lasting: bool = False) -> None:
        """Show a sentence in the last line but one; a toast too if it is long.

        It stays until the cursor moves on and rests, or when *lasting* until
        something else is said: so the line comes back to what was saved last.
        """
        text = content(sentence, style)
        if lasting:
            self._lasting = text
        self.moved = False
        self.line("status").show(text, self._saved_text())
        room = self.size.width - 2 - len(self._saved) - 2
        if not lasting and text.cell_length > room > 0:
            self.notify(sentence, severity="warning" if style else "information")

    def _saved_text(self) -> Content:
        alarm = not self._saved.startswith("saved")
        style = "bold $text-error" if alarm else "$foreground-muted"
        return content(f" {self._saved}", style)

    def saved(self, what: str) -> None:
        """Show what is saved, at the right of the last line but one."""
        self._saved = what
        status = self.line("status")
        status.show(status.left, self._saved_text())

    def show_keys(self) -> None:
        """The keys of this place."""
        self.line("keys").show(*key_line(self, self.place))

    @property
    def place(self) -> str:
        """Where the keys go: ``answer``, ``reading``, ``busy`` or a kind of row."""
        if self.answer.prompt is not None:
            return "answer"
        if self.detail.has_focus or self.output.has_focus:
            return "reading"
        row = self.steps.row
        if row is not None and row.kind == "part" and self.outputs.running():
            return "busy"
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


def clock() -> str:
    """Return the time in UTC; minutes, so that an idle screen is seldom painted."""
    return f"{datetime.now(UTC):%H:%MZ}"
