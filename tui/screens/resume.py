"""Coming back to a run: what changed, what is to be done again, what stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.timer import Timer

from runbooks.changes import Identity
from runbooks.model import Row
from state.resume import Resumption, moment
from tui.display import content, joined
from tui.keymap import bindings
from tui.screens.left_once import LeftOnce
from tui.screens.picking import Picking
from tui.widgets.resume_list import Fold, ResumeList, Told
from tui.widgets.shown import Shown
from tui.widgets.signs import signs
from tui.widgets.wording import duration

if TYPE_CHECKING:
    from runbooks.identity_of import Met
    from tui.engine import Engine

KEYS = "Enter goes to the step, or unfolds   Esc goes on   ? keys"
GATHER = 0.3
"""Seconds in which news is gathered before the list is told anew."""


class ResumeScreen(Picking, LeftOnce[Row | None]):
    """Dismissed with the row of the checklist to go to, else with None.

    Args:
        look: what there is to tell at this moment.
        met: which systems the profile leads to; None while they are asked.
    """

    CSS_PATH = "resume.tcss"
    AUTO_FOCUS = "ResumeList"
    BINDINGS: ClassVar[list[BindingType]] = bindings("resume", "list", "back")

    def __init__(
        self, engine: Engine, look: Callable[[], Resumption], met: Met | None
    ) -> None:
        super().__init__()
        self._engine = engine
        self._look = look
        self._met = met
        self._told = look()
        self._soon: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Shown(id="title")
        yield Shown(id="systems")
        yield ResumeList(self._told.groups, id="rows")
        yield Shown(id="about")
        yield Shown(id="summary")
        yield Shown(content(KEYS, "$text-muted"), id="keys")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        # A key may come before anything is composed.
        return action == "back" or bool(self.query(ResumeList))

    def on_mount(self) -> None:
        self._show()

    def again_soon(self, met: Met | None = None) -> None:
        """Something happened: tell it, once for much of it."""
        self._met = met if met is not None else self._met
        if self._soon is None:
            self._soon = self.set_timer(GATHER, self._again)

    def _again(self) -> None:
        self._soon = None
        self._told = self._look()
        self._list.tell(self._told.groups)
        self._show()

    @property
    def _list(self) -> ResumeList:
        return self.query_one(ResumeList)

    def _show(self) -> None:
        self._update("title", self._title())
        self._update("systems", self._systems())
        self._update("summary", self._summary())
        self._about()

    def _update(self, id: str, text: Content) -> None:
        self.query_one(f"#{id}", Shown).show(text)

    def _title(self) -> Content:
        run, now = self._engine.run, datetime.now().astimezone()
        dot = f" {signs().dot} "
        words = [f"Back after {duration(self._told.away.total_seconds())}"]
        if left := moment(run.left_at, now):
            words.append(f"left {left} by {run.left_by}")
        words.append(self._engine.runbook.title)
        return content(dot.join(words), "bold")

    def _systems(self) -> Content:
        """The profile and which systems it leads to, against those of the beginning."""
        target, run = self._engine.target, self._engine.run
        if target.untrusted:
            name = target.untrusted.name
            return content(
                f"{name} is not trusted yet, so nothing was compared with it"
            )
        if target.path is None:
            return content("no target profile, so there is no system to compare")
        if self._met is None:
            return content(f"{target.name}: asking which systems these are")
        if not self._met:
            return content(f"{target.name}: no system of it can say which one it is")
        return _compared(self._met, run.state.systems)

    def _summary(self) -> Content:
        told = self._told
        again, machine = len(told.again), len(told.by_machine)
        words = [f"To be done again: {again}"]
        if machine:
            words[0] += f", {machine} by probes"
        words += [f"stand: {told.stands}", f"open: {told.open}"]
        return content(f" {signs().dot} ".join(words), "bold")

    def _about(self) -> None:
        """The picked line in full."""
        picked = self._list.picked
        said = content("")
        if isinstance(picked, Told):
            item = picked.item
            said = content(f"{item.text}: {item.says}" if item.says else item.text)
        self._update("about", said)

    def _moved(self) -> None:
        self._about()

    def action_choose(self) -> None:
        match self._list.picked:
            case Fold(kind):
                self._list.unfold(kind)
                self._about()
            case Told(item=item) if item.row:
                self.dismiss(item.row)

    def action_back(self) -> None:
        self.dismiss(None)

    def action_help(self) -> None:
        self.app.action_help()  # type: ignore[attr-defined]


def _compared(met: Met, began: Mapping[str, Identity]) -> Content:
    """One line: another system first, then who did not say, then the same ones."""
    others, silent, same = [], [], []
    for table, now in met.items():
        before = began.get(table)
        if isinstance(now, str):
            silent.append(content(f"{table}: nobody can tell: {now}", "$text-warning"))
        elif before and before.id != now.id:
            words = f"ANOTHER {table}: {now.says}, not {before.says}"
            others.append(content(words, "bold $text-error"))
        else:
            same.append(content(f"{now.says}, as when the run began", "$text-success"))
    return joined(*others, *silent, *same, between="\n")
