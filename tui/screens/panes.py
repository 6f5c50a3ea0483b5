"""The panes of the runbook screen, and what the run behind them is made of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer

from runbooks.model import Row, Runbook, Step
from runbooks.tables import Gate
from state.verdict import Tally, Verdict
from tui.widgets.action_panel import ActionPanel
from tui.widgets.answer_line import AnswerLine
from tui.widgets.edge_line import EdgeLine
from tui.widgets.outline import Outline
from tui.widgets.output_view import OutputView
from tui.widgets.outputs import Outputs
from tui.widgets.row_text import RowText
from tui.widgets.signs import signs
from tui.widgets.standings import Standings
from tui.widgets.status_line import StatusLine
from tui.widgets.step_detail import StepDetail
from tui.widgets.step_list import StepList
from tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from tui.engine import Engine


class Panes(Screen[None]):
    """The panes of the runbook screen.

    Args:
        notice: a sentence for the last line until the first key.
        roles: those in which the operator acts; all steps are theirs without.
    """

    # Not CSS_PATH: Textual does not read that of the first screen of an app.
    DEFAULT_CSS = Path(__file__).with_name("runbook.tcss").read_text("utf-8")
    AUTO_FOCUS = "#steps"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-mid"), (24, "-high"), (34, "-tall")]  # noqa: RUF012

    def __init__(
        self, engine: Engine, notice: str = "", roles: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.engine = engine
        runbook, run = engine.runbook, engine.run
        self.standings = Standings(runbook, run.progress)
        self.outline = Outline(runbook, later_gates(runbook))
        self.row_text = RowText(
            runbook, engine.target, self.standings, run.commands, run.actions
        )
        self.row_text.folded = self.outline.folded
        self.row_text.unsaved = run.waiting.steps
        self.outputs = Outputs(run.commands, run.actions)
        self._detail = StepDetail(
            runbook, engine.target, self.standings, run.commands, lambda: run.state
        )
        self._tally = Tally(runbook)
        self._verdict: Verdict | None = None
        self._notice = notice
        self._left = self.outputs.last()
        """The last command when the run was opened; how it stood then."""
        self._resting: Timer | None = None
        self._gathering: Timer | None = None
        self._too_long: Content | None = None
        self.moved = False
        """Whether the cursor has moved since something was said."""
        self._roles = frozenset(role.casefold() for role in roles)

    # --------------------------------------------------------------- the panes

    def compose(self) -> ComposeResult:
        # Textual sets these with the first resize, and lays everything out again.
        width, height = self.app.size
        self.add_class(
            _fitting(self.HORIZONTAL_BREAKPOINTS, width),
            _fitting(self.VERTICAL_BREAKPOINTS, height),
        )
        rule = signs().rule
        yield EdgeLine(id="top")
        yield EdgeLine(id="verdict")
        yield EdgeLine(id="blocking")
        with Container(id="body"):
            with Vertical(id="list-pane"):
                yield EdgeLine(rule, id="list-head", classes="head")
                yield StepList(self.outline, self.row_text, id="steps")
            with Vertical(id="detail-pane"):
                yield EdgeLine(rule, id="detail-head", classes="head")
                yield TextView(id="detail")
        with Vertical(id="output-pane"):
            yield EdgeLine(rule, id="output-head", classes="head")
            yield ActionPanel(id="changing")
            yield OutputView(id="output")
        yield AnswerLine(id="answer")
        yield StatusLine(f"saved #{self.engine.run.seq}", id="status")
        yield EdgeLine(id="keys")

    @property
    def steps(self) -> StepList:
        return self.query_one("#steps", StepList)

    @property
    def detail(self) -> TextView:
        return self.query_one("#detail", TextView)

    @property
    def output(self) -> OutputView:
        return self.query_one("#output", OutputView)

    @property
    def panel(self) -> ActionPanel:
        return self.query_one(ActionPanel)

    @property
    def answer(self) -> AnswerLine:
        return self.query_one(AnswerLine)

    @property
    def status(self) -> StatusLine:
        return self.query_one(StatusLine)

    def line(self, id: str) -> EdgeLine:
        return self.query_one(f"#{id}", EdgeLine)

    def _start(self) -> Row | None:
        """The row where the run was left, else the first that waits."""
        left = self.engine.run.cursor
        rows = self.engine.runbook.rows
        for row in rows:
            if left and row.id == left:
                return row
        return next((row for row in rows if row.kind == "step"), None)

    def mine(self, step: Step) -> bool:
        """Whether the step is for one of the operator's roles, or has no owner."""
        owner = (step.options.owner or "").casefold()
        return not (owner and self._roles) or owner in self._roles

    def _section_of(self, row: Row) -> str:
        if row.kind == "section":
            return row.id
        if row.kind == "step":
            return self.engine.runbook.step_by_id[row.id].section
        return self.row_text.block(row.id).section

    def keeps(self, step: Step) -> bool:
        """Whether the filter that is on keeps this step."""
        return self.outline.filter.keeps(
            self.standings.standing(step.id), self.mine(step)
        )


def later_gates(runbook: Runbook) -> frozenset[str]:
    """Ids of sections in which nothing counts before launch: folded until then."""
    if not runbook.declares:
        return frozenset()
    path_of = {section.id: section.path for section in runbook.sections}
    now: set[tuple[str, ...]] = set()
    for step in runbook.steps:
        if step.gate is Gate.GO:
            path = path_of[step.section]
            now.update(path[:length] for length in range(len(path) + 1))
    outermost: set[tuple[str, ...]] = set()
    for step in runbook.steps:
        path = path_of[step.section]
        above = (path[:length] for length in range(1, len(path) + 1))
        outermost.update(islice((p for p in above if p not in now), 1))
    return frozenset(id for id, path in path_of.items() if path in outermost)


def _fitting(breakpoints: Sequence[tuple[int, str]], cells: int) -> str:
    """The class of the last breakpoint that *cells* reach."""
    return [name for least, name in breakpoints if least <= cells][-1]
