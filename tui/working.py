"""The commands of a run that are at work: started, followed, ended, taken up again."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runbooks.errors import RefusedError
from runbooks.events import Kind
from state import entries
from tui.following import follow
from tui.told import CommandEnded, NeedsTerminal, Refused, Told

if TYPE_CHECKING:
    from runbooks.asking import Permit
    from runbooks.commands import Ending, Running
    from runbooks.gate import Door
    from runbooks.model import Runbook
    from runbooks.wish import Wish
    from state.run import Run


@dataclass(frozen=True, slots=True)
class Job:
    """One command at work.

    Attributes:
        foreground: others wait for it; a follower runs beside the rest.
    """

    running: Running
    part: str
    foreground: bool


class Working:
    """Runs what the door admitted, and tells what comes of it."""

    def __init__(
        self,
        runbook: Runbook,
        run: Run,
        door: Door,
        tell: Callable[[Told], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._runbook = runbook
        self._run = run
        self._door = door
        self._tell = tell
        self._spawn = spawn
        self.jobs: dict[str, Job] = {}
        self._admitted: list[str] = []
        self._handed_over: dict[str, str] = {}

    def refuse_second(self, wish: Wish) -> None:
        """Refuse a second foreground command: they share one shell context.

        Raises:
            RefusedError: one is at work already.
        """
        if wish.is_follower():
            return
        taken_up = (job.part for job in self.jobs.values() if job.foreground)
        parts = (*self._admitted, *self._handed_over.values(), *taken_up)
        if parts:
            text = self._runbook.part_by_id[parts[0]].text.splitlines()[0]
            raise RefusedError(
                f"A command is still running: {text!r}. Wait for it, or stop it."
            )

    def run(self, permit: Permit) -> None:
        """Start what *permit* admits; an interactive command asks for the terminal."""
        if permit.wish.is_interactive():
            self._admitted.append(permit.wish.parts[0].id)
            self._spawn(self._hand_over(permit))
        elif permit.wish.is_follower():
            self._spawn(self._run_parts(permit))
        else:
            # From here on, not from the start: a second key may be on its way.
            self._admitted.append(permit.wish.parts[0].id)
            self._spawn(self._run_alone(permit))

    async def _hand_over(self, permit: Permit) -> None:
        part = permit.wish.parts[0].id
        try:
            await self._door.refuse_moved(permit)
            plan = self._door.plan(permit)
            self._door.request(permit, plan)
            self._handed_over[plan.id] = part
        finally:
            self._admitted.remove(part)
        self._tell(NeedsTerminal(plan))

    async def _run_alone(self, permit: Permit) -> None:
        try:
            await self._run_parts(permit)
        finally:
            self._admitted.remove(permit.wish.parts[0].id)

    async def _run_parts(self, permit: Permit) -> None:
        for index, part in enumerate(permit.wish.parts):
            await self._door.refuse_moved(permit)
            running = self._door.start(permit, index)
            self._run.record(
                Kind.COMMAND_STARTED, part.id, entries.command_started(running.id)
            )
            job = Job(running, part.id, not permit.wish.is_follower())
            ending = await self._follow(job)
            last = index + 1 == len(permit.wish.parts)
            if not last and (ending.ending != "exit" or ending.code != 0):
                said = f"exit {ending.code}" if ending.code else ending.ending
                raise RefusedError(
                    f"The block stopped at line {part.line} ({said}); "
                    "what follows did not run."
                )

    async def _follow(self, job: Job) -> Ending:
        """Hand on what the command prints until it ends, then write down the end."""
        self.jobs[job.running.id] = job
        try:
            ending = await follow(job.running, self._tell)
        finally:
            self.jobs.pop(job.running.id, None)
        self._ended(job.running.id, job.part, ending)
        return ending

    def _ended(self, command: str, part: str, ending: Ending) -> None:
        data = entries.command_finished(
            command,
            ending.code,
            ending.ending,
            ending.seconds,
            ending.values,
            ending.size,
            ending.survivors,
        )
        self._run.record(Kind.COMMAND_FINISHED, part, data)
        self._tell(CommandEnded(command, ending))

    def ended_elsewhere(self, command: str, ending: Ending) -> None:
        """Write down the end of a command that was given the terminal."""
        self._ended(command, self._handed_over.pop(command), ending)

    def stop(self, command: str) -> None:
        """Ask the supervisor to end a command and all that it started."""
        if job := self.jobs.get(command):
            job.running.stop()
        else:
            self._tell(Refused("That command has ended already."))

    def reattach(self) -> None:
        """Take up the commands that outlived the screen that started them."""
        from runbooks.commands import attach

        for command, part in list(self._run.running.items()):
            running = attach(self._run.outputs, command)
            if running is None:
                lost = entries.command_finished(command, None, "in doubt", 0.0)
                self._run.record(Kind.COMMAND_FINISHED, part, lost)
            else:
                foreground = not self._door.wish(part).is_follower()
                self._spawn(self._take_up(Job(running, part, foreground)))

    async def _take_up(self, job: Job) -> None:
        await self._follow(job)
