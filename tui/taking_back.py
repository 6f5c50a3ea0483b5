"""A plan to take changes back: one after the other, each through the door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from runbooks.errors import CommandError, ProbeError, RefusedError
from runbooks.wish import free
from state.acted import unlike_before_all
from state.changed import BACK
from tui.told import Announced, Told

if TYPE_CHECKING:
    from runbooks.changes import Revision, Undo
    from state.changed import Changed
    from state.run import Run
    from tui.acting import Acting
    from tui.working import Working


class TakingBack:
    """Takes back what a run changed.

    Attributes:
        under_way: a plan has begun; arming does not end in its middle.
    """

    def __init__(
        self,
        run: Run,
        acting: Acting,
        working: Working,
        tell: Callable[[Told], None],
    ) -> None:
        self._run = run
        self._acting = acting
        self._working = working
        self._tell = tell
        self.under_way = False

    async def take_back(self, changes: Sequence[Changed]) -> None:
        """Take *changes* back in this order, up to the first that is not.

        Raises:
            RefusedError: where it stopped, and what is not taken back.
        """
        if self.under_way:
            raise RefusedError("Changes are being taken back already.")
        self.under_way = True
        try:
            for number, changed in enumerate(changes, 1):
                if number > 1:
                    self._tell(Announced(f"Taking back {number} of {len(changes)}"))
                    self._stay_armed()
                await self._one(changed, len(changes) - number)
        finally:
            self.under_way = False
        if len(changes) > 1:
            self._tell(Announced(self._all(changes)))

    def _all(self, changes: Sequence[Changed]) -> str:
        """Say whether everything is as it was: that is success, no exit code is."""
        actions = self._run.actions
        ids = [each.id for each in changes if each.id in actions]
        how = "all is as it was before"
        if differs := unlike_before_all(actions, ids):
            how = f"but not as before: {'; '.join(differs)}"
        if commands := len(changes) - len(ids):
            what = "commands" if commands > 1 else "command"
            how += f"; what {commands} {what} changed nobody compares"
        return f"All {len(changes)} are taken back: {how}."

    async def bring_back(self, revision: Revision) -> None:
        """Let a former release run again.

        Raises:
            RefusedError: it may not be done now.
        """
        id = f"{BACK}{revision.workload} {revision.revision}"
        await self._done(revision.undo, id, "")

    async def _one(self, changed: Changed, left: int) -> None:
        more = f" Stopped there: {left} more not taken back." if left else ""
        try:
            done = await self._done(changed.undo, changed.undo_id, changed.step)
        except (RefusedError, ProbeError, CommandError) as error:
            raise RefusedError(f"{error}{more}") from error
        if not done:
            raise RefusedError(f"Not taken back: {changed.title}.{more}")

    async def _done(self, undo: Undo, id: str, step: str) -> bool:
        """Do it, and return whether it is done.

        Args:
            id: under which a command is written down.
        """
        if undo.asked:
            return await self._acting.act(undo.asked, step) == "done"
        return await self._working.run(free(id, undo.command, step)) == "done"

    def _stay_armed(self) -> None:
        """What was begun armed is not asked for a reason again in its middle."""
        arming = self._run.state.arming
        if arming and self._run.armed() is None:
            self._run.arm(arming.reason)
