"""Changing systems: being armed for it, actions of steps, and the way back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.widgets import Input

from runbooks.errors import GonogoError, StateError
from state.changed import Changed, changes
from tui.screens.commanding import Commanding
from tui.screens.deliberate import TOO_QUICK, Deliberate
from tui.widgets.answer_line import Field, Prompt

if TYPE_CHECKING:
    from runbooks.histories import Histories
    from tui.screens.way_back import Wanted, WayBackScreen

WHY = "A ticket, or a few words. Half an hour; A adds another, D ends it."
STAYS = "Why it may stay as it is, and who knows of it."


class Changing(Commanding, Deliberate[None]):
    """A board from which systems are changed, and changed back."""

    def action_arm(self) -> None:
        run = self.engine.run
        if run.armed():
            self.engine.disarm()
            return
        try:
            run.refuse_change()  # before a reason is typed in vain
        except GonogoError as error:
            self.say(str(error), "$text-error")
            return
        title = "why are systems to be changed?"
        self._ask(Prompt("arm", title, WHY, (Field("text", "why"),)))
        self.be_deliberate()

    def hurried(self) -> None:
        for line in self.answer.query(Input):
            line.call_later(line.clear)  # behind keys that are on their way to it
        self.say(TOO_QUICK)

    def takes_pasted(self) -> bool:
        return True  # a reason alone; it takes a key to confirm it

    def _close_answer(self) -> None:
        self.be_quick()
        super()._close_answer()

    def _arm(self, reason: str) -> None:
        self._close_answer()
        self.engine.arm(reason)

    def action_arm_longer(self) -> None:
        if arming := self.engine.run.armed():
            self.engine.arm(arming.reason)
        else:
            self.say("You are not armed; D arms.")

    def action_crew(self) -> None:
        from tui.screens.crew import CrewScreen

        run = self.engine.run
        self.show_top()
        try:
            holder = run.lever()
        except StateError as error:
            self.say(str(error), "$text-error")
            return
        screen = CrewScreen(
            f"{run.by.name} on {run.by.host} (process {run.by.pid})",
            run.others,
            holder,
            ours=run.holds_lever,
            probed=any(step.probes for step in self.engine.runbook.steps),
            looks=self.engine.looks,
            at_work=run.at_work,
        )
        self.app.push_screen(screen, self._see_to_lever)

    def _see_to_lever(self, wanted: str | None) -> None:
        if wanted == "take":
            self.say("Taking the lever over.")
            self.engine.take_lever_over()
        elif wanted == "give":
            self.engine.release_lever()

    def action_way_back(self) -> None:
        from tui.screens.way_back import WayBackScreen

        self._show_way_back(WayBackScreen(self._changes()))
        self.engine.look_back()

    def action_loose_ends(self) -> None:
        from tui.screens.way_back import WayBackScreen

        loose = [change for change in self._changes() if change.loose_end]
        if loose:
            title = "Left different on purpose, not yet taken back"
            self._show_way_back(WayBackScreen(loose, title, past=False))
        else:
            self.say("There is no loose end: all that was changed for a while is back.")

    def _changes(self) -> tuple[Changed, ...]:
        return changes(self.engine.runbook, self.engine.run)

    def _show_way_back(self, screen: WayBackScreen) -> None:
        from tui.screens.way_back import BringBack, Leave, TakeBack

        def chosen(wanted: Wanted | None) -> None:
            match wanted:
                case TakeBack(changes):
                    self.engine.take_back(changes)
                case BringBack(revision):
                    self.engine.bring_back(revision)
                case Leave(change) if change.in_doubt:
                    for doubt in self.engine.run.state.doubts.values():
                        if change.id in (doubt.id, doubt.part):
                            self.ask_to_settle(doubt)
                case Leave(change):
                    field = Field("text", "why")
                    title = f"leave it as it is: {change.loose_end}"
                    rest = {"action": change.id}
                    self._ask(Prompt("accept", title, STAYS, (field,), rest=rest))

        self.app.push_screen(screen, chosen)

    def looked_back(self, found: Histories) -> None:
        """Show what ran before, if the way back is still on view."""
        from tui.screens.way_back import WayBackScreen

        if isinstance(self.app.screen, WayBackScreen):
            self.app.screen.remember(found)

    def change_given(self, prompt: Prompt, text: str) -> None:
        if not text:
            self.say("Nothing is typed yet; Esc leaves.")
            return
        if prompt.purpose == "arm":
            self.confirm(partial(self._arm, text))
            return
        self._close_answer()
        if prompt.purpose == "settle":
            self.engine.settle(prompt.rest["id"], text)
        else:
            self.engine.accept_loose_end(prompt.rest["action"], text)
