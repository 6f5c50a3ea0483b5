"""A run that is opened again: what changed is shown before one goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbooks.model import Row
from tui.screens.rehearsing import Rehearsing

if TYPE_CHECKING:
    from runbooks.changes import Identity
    from runbooks.identity_of import Met
    from state.resume import Resumption
    from tui.screens.resume import ResumeScreen


class Resuming(Rehearsing):
    """A board on which a person who comes back is told what changed.

    Attributes:
        resumes: show that first of all.
        met: which systems the profile leads to; None while they are asked.
    """

    resumes = False
    met: Met | None = None
    _changes_shown: ResumeScreen | None = None

    def on_mount(self) -> None:
        if self.resumes:
            self.call_after_refresh(self.action_resumption)

    def action_resumption(self) -> None:
        """Show what changed since the run was left."""
        from tui.screens.resume import ResumeScreen

        if self._changes_shown:
            return

        def left(row: Row | None) -> None:
            self._changes_shown = None
            self.engine.know_changes()
            if row is not None:
                self.steps.go_to(row)

        shown = ResumeScreen(self.engine, self._resumption, self.met)
        self._changes_shown = shown
        self.app.push_screen(shown, left)

    def _resumption(self) -> Resumption:
        from state.comparing import Compared
        from state.resume import resumption

        return resumption(Compared.of_run(self.engine.run), self.met)

    def systems_met(self, met: Met) -> None:
        """The systems of the profile have said which ones they are."""
        self.met = met
        self.show_top()
        self.changes_again()
        began = self.engine.run.state.systems
        others = [
            now
            for table, now in met.items()
            if not isinstance(now, str) and table in began and now.id != began[table].id
        ]
        if others and not self._changes_shown:
            self._tell_of_another(others[0], began[others[0].table])

    def _tell_of_another(self, now: Identity, before: Identity) -> None:
        """The systems answer late: a person at work is told, not interrupted."""
        if self.is_current and not self.moved and self.answer.prompt is None:
            self.action_resumption()
        else:
            words = f"Another {now.table} answers: {now.says}, not {before.says}; B"
            self.say(f"{words} says what that means.", "$text-error", lasting=True)

    def changes_again(self) -> None:
        """Something happened: what changed may be more by now, if it is on view."""
        if self._changes_shown:
            self._changes_shown.again_soon(self.met)
