"""Changing systems: being armed for it, actions of steps, and the way back."""

from __future__ import annotations

from collections.abc import Sequence

from runbooks.tables import ActionSpec
from state.acted import Acted, loose_ends, standing
from tui.screens.commanding import Commanding
from tui.screens.way_back import Wanted, WayBackScreen
from tui.widgets.answer_line import Field, Prompt

WHY = "A ticket, or a few words. Half an hour; A adds another, D ends it."
STAYS = "Why it may stay as it is, and who knows of it."


class Changing(Commanding):
    """A board from which systems are changed, and changed back."""

    def action_arm(self) -> None:
        if self.engine.run.armed():
            self.engine.disarm()
            return
        title = "why are systems to be changed?"
        self._ask(Prompt("arm", title, WHY, (Field("text", "why"),)))

    def action_arm_longer(self) -> None:
        if arming := self.engine.run.armed():
            self.engine.arm(arming.reason)
        else:
            self.say("You are not armed; D arms.")

    def action_way_back(self) -> None:
        changed = list(standing(self.engine.run.actions))
        self._way_back(changed, "What this run changed, newest first")

    def action_loose_ends(self) -> None:
        loose = list(loose_ends(self.engine.run.actions))
        if loose:
            self._way_back(loose, "Left different on purpose, not yet taken back")
        else:
            self.say("There is no loose end: all that was changed for a while is back.")

    def _way_back(self, acted: Sequence[Acted], title: str) -> None:
        def chosen(wanted: Wanted | None) -> None:
            if wanted is None:
                return
            what, one = wanted
            if what == "undo":
                self.say(f"Looking at what taking back would do: {one.title}")
                self.engine.act(ActionSpec(one.undo.use, one.undo.parameters), one.step)
            else:
                field = Field("text", "why")
                title = f"leave it as it is: {one.loose_end}"
                rest = {"action": one.id}
                self._ask(Prompt("accept", title, STAYS, (field,), rest=rest))

        self.app.push_screen(WayBackScreen(acted, title), chosen)

    def change_given(self, prompt: Prompt, text: str) -> None:
        if not text:
            self.say("Nothing is typed yet; Esc leaves.")
            return
        self._close_answer()
        if prompt.purpose == "arm":
            self.engine.arm(text)
        else:
            self.engine.accept_loose_end(prompt.rest["action"], text)
