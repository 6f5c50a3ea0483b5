"""The actions of a run that are under way: described, performed, taken up again."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from runbooks.errors import RefusedError
from runbooks.events import Kind
from state import entries
from tui.following import follow
from tui.questions import Ask, trusted_first
from tui.told import ActionEnded, Advanced, Announced, Told

if TYPE_CHECKING:
    from runbooks.actions.wish import ActionWish
    from runbooks.changes import Progress
    from runbooks.commands import Running
    from runbooks.gate import Door
    from runbooks.tables import ActionSpec
    from runbooks.target import Target
    from state.run import Run

_ENDINGS = {0: "done", 1: "failed", 3: "refused"}
"""Exit code of the performing process to how an action ended; all others: in doubt."""
_IN_DOUBT = (
    "Nobody knows how it ended: its process died. Look at the state before anything "
    "else is done."
)


class Acting:
    """Takes wishes for actions to the door, and performs them, one at a time."""

    def __init__(
        self,
        run: Run,
        target: Target,
        door: Door,
        tell: Callable[[Told], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        ask: Ask,
        verify: Callable[[tuple[str, ...]], None],
    ) -> None:
        self._run = run
        self._target = target
        self._door = door
        self._tell = tell
        self._spawn = spawn
        self._ask = ask
        self._verify = verify
        self.jobs: dict[str, Running] = {}
        self._known: set[str] = set()
        """Ids of actions whose end we see to."""

    async def act(self, asked: ActionSpec, step: str = "") -> str:
        """Look, ask, do, and return how it ended; "" where a person said no.

        Where it was refused because something is not as it was shown any more, what
        it would do now is shown, and asked about anew.

        Raises:
            RefusedError: it may not be done now, or another one is under way.
            ProbeError: nobody could look.
            StateError: the request could not be written; nothing ran.
            CommandError: it could not be started.
        """
        self._refuse_second()
        if not await trusted_first(self._door, self._ask):
            return ""
        wish, again = await self._look(asked, step), True
        while again:
            self._refuse_second()
            question = self._door.look_at_action(wish)
            reply = await self._ask(question)
            if reply is None:
                return ""
            self._refuse_second()
            self._door.admit_action(question, reply)
            running = self._door.start_action(wish)
            self._known.add(running.id)
            self.jobs[running.id] = running
            how = await self._follow(running, asked.verify)
            again = how == "refused"
            if again:
                # Its process looked again before it changed anything.
                shown, wish = wish, await self._look(asked, step, again=True)
                again = wish.description.digest != shown.description.digest
        return how

    async def _look(
        self, asked: ActionSpec, step: str, again: bool = False
    ) -> ActionWish:
        from runbooks.actions.describing import describe
        from runbooks.actions.wish import ActionWish

        self._refuse_second()
        self._tell(Announced(f"Looking at what it would do: {asked.use}"))
        description = await describe(asked, self._target)
        return ActionWish(asked, description, step, again)

    def _refuse_second(self) -> None:
        for id in self.jobs:
            title = self._run.actions[id].title
            raise RefusedError(
                f"An action is under way: {title}. Wait for it, or stop watching it."
            )

    def stop(self, id: str) -> bool:
        """Stop watching; what was sent stands. Return whether there was one."""
        running = self.jobs.get(id)
        if running:
            running.stop()
        return running is not None

    def reattach(self) -> None:
        """Take up the actions that outlived the screen that started them."""
        for acted in [each for each in self._run.actions.values() if not each.ending]:
            if acted.id in self._known or self._run.is_attended(acted.id):
                continue  # whoever started it writes its end down
            from runbooks.commands import attach  # not before there is one

            self._known.add(acted.id)
            running = attach(self._run.outputs, acted.id)
            if running is None:
                self._ended(acted.id, "refused", 0.0, "Its process was never started.")
            else:
                self.jobs[running.id] = running
                self._spawn(self._take_up(running))

    async def _take_up(self, running: Running) -> None:
        await self._follow(running, self._run.actions[running.id].verify)

    async def _follow(self, running: Running, verify: tuple[str, ...]) -> str:
        from runbooks.actions.ordering import ended, progress

        told: list[Progress] = []

        def look() -> None:
            now = progress(self._run.outputs, running.id)
            if told[-1:] != [now]:
                told[:] = [now]
                self._tell(Advanced(running.id, now))

        try:
            ending = await follow(running, self._tell, look)
            said = ended(self._run.outputs, running.id)
            how = _ENDINGS.get(said.code, "in doubt") if said else "in doubt"
            says, after = (said.says, said.after) if said else (_IN_DOUBT, {})
            self._ended(running.id, how, ending.seconds, says, after)
        finally:
            self.jobs.pop(running.id, None)
        if how != "refused":
            self._verify((*verify, self._run.actions[running.id].step))
        return how

    def _ended(
        self, id: str, how: str, seconds: float, says: str, after: Any = None
    ) -> None:
        data = entries.action_finished(id, how, seconds, says, after or {})
        step = self._run.actions[id].step
        self._run.record(Kind.ACTION_FINISHED, step or None, data)
        self._tell(ActionEnded(id))
