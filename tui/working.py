"""The commands of a run that are at work: started, followed, ended, taken up again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from runbooks.errors import RefusedError
from runbooks.events import Kind
from runbooks.remedies import step_of
from state import entries
from state.crew import place
from tui.following import follow
from tui.questions import Ask, trusted_first
from tui.told import Announced, CommandEnded, NeedsTerminal, Refused, Told

if TYPE_CHECKING:
    from runbooks.asking import Permit
    from runbooks.commands import Ending, Running
    from runbooks.gate import Door
    from runbooks.identity_of import Met
    from runbooks.model import Runbook
    from runbooks.target import Target
    from runbooks.wish import Wish
    from state.run import Run


ATTENDED = 0.2
"""Seconds between looks whether whoever started a command wrote its end down."""


COMES_UP = 5.0
"""Seconds in which a supervisor is there that was started by a screen which died."""


@dataclass(frozen=True, slots=True)
class Job:
    """One command at work.

    Attributes:
        foreground: others wait for it; a follower runs beside the rest.
    """

    running: Running
    part: str
    text: str
    foreground: bool


class Working:
    """Takes wishes for commands to the door, runs them and tells what comes of it."""

    def __init__(
        self,
        runbook: Runbook,
        run: Run,
        target: Target,
        door: Door,
        tell: Callable[[Told], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        ask: Ask,
        verify: Callable[[tuple[str, ...]], None],
    ) -> None:
        self._runbook = runbook
        self._run = run
        self._target = target
        self._door = door
        self._ask = ask
        self._verify = verify
        self._tell = tell
        self._spawn = spawn
        self.jobs: dict[str, Job] = {}
        self._admitted: list[str] = []
        self._taken_up: set[str] = set()
        self._missed: dict[str, float] = {}
        """When a command that nobody attends was first looked for in vain."""
        self._handed_over: dict[str, str] = {}
        """Id to text of commands that were given the terminal."""

    async def run(self, wish: Wish) -> str:
        """Ask, run, and return how it ended.

        ``done`` is exit code 0 of every part, ``failed`` anything else, "" that a
        person said no, or that its end is told from elsewhere.

        Raises:
            RefusedError: it may not run now, or a part of it failed.
            StateError: the request could not be written; nothing ran.
            CommandError: it could not be started.
        """
        from runbooks.identity_of import meet

        self._refuse_second(wish)
        met: Met = {}
        if systems := self._door.systems(wish):
            if not await trusted_first(self._door, self._ask, wish.digest):
                return ""
            self._tell(Announced(f"Asking which system it is: {', '.join(systems)}"))
            met = await meet(systems, self._target)
        question = self._door.look(wish, met)
        reply = await self._ask(question)
        if reply is None:
            return ""
        self._refuse_second(wish)
        if reply.as_written and not wish.literal:
            # Another text, so perhaps another class: looked at anew, and asked
            # about only if it is one that has to be confirmed.
            self._door.admit_trust(question, reply)
            return await self.run(replace(wish, literal=True))
        if question.confirm and not self._door.look(wish, met).is_as(question):
            self._tell(Announced("Nothing ran: it is not as it was shown any more."))
            return await self.run(wish)
        permit = self._door.admit(wish, question, reply)
        if wish.is_follower() and not wish.is_interactive():
            return await self._run_parts(permit)
        # From here on, not from the start: a second key may be on its way.
        self._admitted.append(wish.original)
        try:
            if wish.is_interactive():
                await self._hand_over(permit)
                return ""
            return await self._run_parts(permit)
        finally:
            self._admitted.remove(wish.original)

    def _refuse_second(self, wish: Wish) -> None:
        """Refuse a second foreground command: they share one shell context.

        Raises:
            RefusedError: one is at work already.
        """
        if wish.is_follower():
            return
        taken_up = (job.text for job in self.jobs.values() if job.foreground)
        for text in (*self._admitted, *self._handed_over.values(), *taken_up):
            raise RefusedError(
                f"A command is still running: {text.splitlines()[0]!r}. Wait for it, "
                "or stop it."
            )

    async def _hand_over(self, permit: Permit) -> None:
        await self._door.refuse_moved(permit)
        plan = self._door.plan(permit)
        self._door.request(permit, plan)
        self._handed_over[plan.id] = plan.text
        self._tell(NeedsTerminal(plan))

    async def _run_parts(self, permit: Permit) -> str:
        for index, part in enumerate(permit.wish.parts):
            await self._door.refuse_moved(permit)
            running = self._door.start(permit, index)
            self._run.record(
                Kind.COMMAND_STARTED, part.id, entries.command_started(running.id)
            )
            foreground = not permit.wish.is_follower()
            job = Job(running, part.id, permit.wish.texts[index], foreground)
            ending = await self._follow(job)
            if ending.ending == "exit" and ending.code == 0:
                continue
            if index + 1 < len(permit.wish.parts):
                said = f"exit {ending.code}" if ending.code else ending.ending
                raise RefusedError(
                    f"The block stopped at line {part.line} ({said}); "
                    "what follows did not run."
                )
            return "failed"
        return "done"

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
        if step := step_of(part):
            self._verify((step,))
        elif ending.ending == "in doubt":
            self._verify(self._run.commands[part].verify)

    def ended_elsewhere(self, command: str, ending: Ending) -> None:
        """Write down the end of a command that was given the terminal."""
        self._handed_over.pop(command)
        self._ended(command, self._run.running[command], ending)

    def stop(self, command: str) -> None:
        """Ask the supervisor to end a command and all that it started."""
        if command in self._run.running:
            self._take_up_all([command])
        if job := self.jobs.get(command):
            try:
                job.running.stop()
            except PermissionError:
                self._tell(Refused("Somebody else started it: only they can stop it."))
        elif command in self._run.running:
            self._tell(Refused("It cannot be stopped from here, only where it runs."))
        else:
            self._tell(Refused("That command has ended already."))

    def reattach(self) -> None:
        """Take up the commands that outlived the screen that started them."""
        self._take_up_all(list(self._run.running), patient=False)

    def follow_others(self) -> None:
        """Take up commands of other screens, to show what they print, and to go on
        with them where such a screen has gone."""
        mine = place(self._run.by.as_data())
        started_by = self._run.state.started_by
        self._take_up_all(
            [id for id in self._run.running if started_by.get(id) != mine]
        )

    def _take_up_all(self, commands: Sequence[str], patient: bool = True) -> None:
        for command in commands:
            if command in self.jobs or command in self._taken_up:
                continue
            from runbooks.commands import attach  # not before there is one

            part = self._run.running[command]
            running = attach(self._run.outputs, command)
            if running is None:
                if self._run.is_attended(command):
                    continue  # not started yet, or it has the terminal there
                if patient and self._may_start_yet(command):
                    continue
                lost = entries.command_finished(command, None, "in doubt", 0.0)
                self._run.record(Kind.COMMAND_FINISHED, part, lost)
                self._verify(self._run.commands[part].verify)
            else:
                text = self._run.commands[part].text
                known = part in self._runbook.part_by_id
                foreground = not (known and self._door.wish(part).is_follower())
                self._taken_up.add(command)
                job = Job(running, part, text, foreground)
                self.jobs[command] = job
                self._spawn(self._take_up(job))

    def _may_start_yet(self, command: str) -> bool:
        """Whether the supervisor may be about to come up: its starter died just now."""
        now = time.monotonic()
        return now < self._missed.setdefault(command, now) + COMES_UP

    async def _take_up(self, job: Job) -> None:
        id = job.running.id
        try:
            ending = await follow(job.running, self._tell)
            while self._run.is_attended(id) and id in self._run.running:
                await asyncio.sleep(ATTENDED)
            self._run.catch_up()
            if id in self._run.running:
                self._ended(id, job.part, ending)
            else:
                self._tell(CommandEnded(id, ending))
        finally:
            self.jobs.pop(id, None)
