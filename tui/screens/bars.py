"""The bars at the top of the board: target and who is on, verdict, what blocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from textual.content import Content

from runbooks.errors import StateError
from runbooks.tables import Gate
from state.acted import left_open
from state.author import person
from state.doubts import beside_steps
from tui.display import content, joined
from tui.screens.panes import Panes
from tui.widgets import verdict_bar
from tui.widgets.outline import OPEN

NAMES = 110
"""Columns from which others are named, not counted."""
REASON = 16
"""Characters of the reason for being armed that the first line has room for."""


class Bars(Panes):
    """Panes whose bars say how the run stands."""

    def show_top(self) -> None:
        """Target, runbook, OBSERVE or ARMED, who, and the clock in UTC."""
        engine = self.engine
        left = self._target_words()
        title = content(f"  {engine.runbook.title}", "$foreground-muted")
        right = joined(
            self._right_to_change(),
            content("   "),
            self._who_is_on(),
            content(f"   {clock()}"),
        )
        if left.cell_length + title.cell_length + right.cell_length < self.size.width:
            left = joined(left, title)
        self.line("top").show(left, right)

    def _who_is_on(self) -> Content:
        """Who we are, who else is on, and who holds the lever."""
        run, others = self.engine.run, self.engine.run.others
        try:
            holder = run.lever()
        except StateError:
            holder = None  # said when it is to be taken
        name = self._named(run.by.name)
        words = [content(f"{name} (lever)" if run.holds_lever else name)]
        if self.size.width >= NAMES:
            words += [content(f" + {member.name}") for member in others]
        elif others:
            words.append(content(f" +{len(others)}", "bold"))
        if holder and not run.holds_lever:
            how = ", armed" if run.arming and not run.armed() else ""
            how = how if holder.alive else ", gone"
            words.append(
                content(f"  lever: {self._named(person(holder.by))}{how}", "bold")
            )
        return joined(*words)

    def _named(self, name: str) -> str:
        """Return a person's name, without the account that is theirs where it is
        tight."""
        return name if self.size.width >= NAMES else name.partition(" as ")[0]

    def _right_to_change(self) -> Content:
        """Whether changes are allowed, for how long and why; what they left open."""
        run = self.engine.run
        loose = len(left_open(run.actions))
        ends = f"loose end{'s' if loose > 1 else ''}"
        open_ones = content(f" {loose} {ends}", "bold $text-warning")
        words = [open_ones] if loose else []
        if arming := run.armed():
            minutes = -(-arming.left(datetime.now(UTC)) // timedelta(minutes=1))
            words.append(content(f" ARMED {minutes} min", "bold $text-error"))
            words.append(content(f" {arming.reason[:REASON]}"))
        elif self.engine.untrusted:
            words.append(content(" READING, P trusts", "bold $text-warning"))
        else:
            words.append(content(" OBSERVE", "bold"))
        return joined(*words)

    def _target_words(self) -> Content:
        """Which deployment it is, or what to do so that probes know one."""
        target, name = self.engine.target, self.engine.run.target
        if target.untrusted:
            what = f"{target.untrusted.name} is not trusted yet: T says how"
            return content(f"{name}: {what}" if name else what)
        if target.path:
            words = content(name, "bold $accent")
            if others := self._other_systems():
                said = content(f" ANOTHER {others}", "bold $text-error")
                return joined(words, said)
            return words
        missing = content("no target profile, T sets it up")
        if not name:
            return missing
        return joined(content(name, "bold $accent"), content(": "), missing)

    def _other_systems(self) -> str:
        """The tables whose systems are not those that the run began with."""
        state = self.engine.run.state
        began = state.systems.items()
        return ", ".join(t for t, was in began if state.seen[t].id != was.id)

    def show_bars(self) -> None:
        """The verdict, how far it is, and what blocks."""
        engine = self.engine
        runbook = engine.runbook
        verdict = self._tally.verdict(
            engine.run.progress, datetime.now(UTC), beside_steps(engine.run.state)
        )
        self._verdict = verdict
        mine = sum(
            self.mine(step) and self.standings.standing(step.id) in OPEN
            for step in runbook.steps
            if self._roles and (not runbook.declares or step.gate is Gate.GO)
        )
        gate = "go" if runbook.declares else ""
        left = verdict_bar.summary(verdict, mine)
        right = verdict_bar.progress(verdict, gate)
        if left.cell_length + right.cell_length > self.app.size.width - 4:
            left = verdict_bar.summary(verdict, mine, brief=True)
        self.line("verdict").show(left, right)
        self.line("blocking").show(
            *verdict_bar.blocking(verdict, runbook, self.standings, self._nothing_yet)
        )

    def _nothing_yet(self) -> str:
        """Why nothing is checked yet, or what to do about it."""
        engine = self.engine
        if self.status.looking:
            return "looking at all there is"
        if engine.untrusted:
            return "only read until P trusts the file"
        if unset := self.standings.unset():
            steps = "1 step needs" if unset == 1 else f"{unset} steps need"
            return f"T sets up what {steps}"
        return "P looks at all there is, space answers"

    @property
    def blocking(self) -> tuple[str, ...]:
        """Ids of the steps that keep the verdict from GO, in document order."""
        return tuple(id for id, _ in self._verdict.blocking) if self._verdict else ()


def clock() -> str:
    """Return the time in UTC; minutes, so that an idle screen is seldom painted."""
    return f"{datetime.now(UTC):%H:%MZ}"
