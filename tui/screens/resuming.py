"""A run that is opened again: what changed is shown before one goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbooks.model import Row
from state.comparing import Compared
from tui.screens.rehearsing import Rehearsing

if TYPE_CHECKING:
    from runbooks.identity_of import Met
    from state.resume import Resumption


class Resuming(Rehearsing):
    """A board on which a person who comes back is told what changed.

    Attributes:
        resumes: show that first of all.
        met: which systems the profile leads to; None while they are asked.
    """

    resumes = False
    met: Met | None = None

    def on_mount(self) -> None:
        if self.resumes:
            self.call_after_refresh(self.action_resumption)

    def action_resumption(self) -> None:
        """Show what changed since the run was left."""
        from tui.screens.resume import ResumeScreen

        def left(row: Row | None) -> None:
            self.engine.know_changes()
            if row is not None:
                self.steps.go_to(row)

        screen = ResumeScreen(self.engine, self._resumption, self.met)
        self.app.push_screen(screen, left)

    def _resumption(self) -> Resumption:
        from state.resume import resumption

        return resumption(Compared.of_run(self.engine.run), self.met)

    def systems_met(self, met: Met) -> None:
        """The systems of the profile have said which ones they are."""
        self.met = met
        self.show_top()
        self.changes_again()

    def changes_again(self) -> None:
        """Something happened: what changed may be more by now, if it is on view."""
        from tui.screens.resume import ResumeScreen

        for screen in self.app.screen_stack:
            if isinstance(screen, ResumeScreen):
                screen.again_soon(self.met)
