"""The engine: probes, commands and the journal, on a thread of their own.

A terminal that nobody reads stops Textual's loop within seconds; what this
thread does goes on. The screen and the headless commands use it alike: they
call methods, which return at once, and are told what happened afterwards,
after it has been written down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from runbooks.errors import RefusedError, StateError
from runbooks.events import Kind
from runbooks.wish import SHELL, free, shell
from state.author import person
from tui.acting import Acting
from tui.engine_records import EngineRecords
from tui.probing import Probing
from tui.questions import Questions
from tui.taking_back import TakingBack
from tui.told import (
    Happened,
    LookedBack,
    PlanMade,
    SystemsMet,
    Told,
)
from tui.working import Working

if TYPE_CHECKING:
    from runbooks.asking import Reply
    from runbooks.changes import Revision
    from runbooks.commands import Ending
    from runbooks.events import Event
    from runbooks.gate import Door
    from runbooks.model import Runbook
    from runbooks.remedies import Remedy
    from runbooks.tables import ActionSpec
    from runbooks.target import Target
    from runbooks.wish import Wish
    from state.changed import Changed
    from state.run import Run


class Engine(EngineRecords):
    """One run at work.

    Every public method may be called from any thread and returns at once.

    Args:
        tell: called on the engine's thread with everything that happened.
    """

    def __init__(
        self,
        runbook: Runbook,
        run: Run,
        target: Target,
        door: Door,
        tell: Callable[[Told], None],
    ) -> None:
        super().__init__(runbook, run, tell)
        self.target = target
        self._door = door
        self._planning = asyncio.Lock()
        self._questions = Questions(tell)
        ask = self._questions.ask
        self._working = Working(
            runbook, run, target, door, tell, self._spawn, ask, self._look_again
        )
        self._probing = Probing(runbook, run, target, tell, self._spawn)
        self._acting = Acting(
            run, target, door, tell, self._spawn, ask, self._look_again
        )
        self._taking_back = TakingBack(run, self._acting, self._working, tell)

    def start(self, watching: bool = True) -> None:
        """Begin: take up commands that outlived their screen, then serve.

        Args:
            watching: look at the steps without being asked, again and again.
        """
        self.run.heard = self._heard
        self._meets = watching and bool(self.target.path)
        self._thread.start()
        self._submit(lambda: self.run.read_profile(self.target))
        self._submit(self._working.reattach)
        self._submit(self._acting.reattach)
        self._submit(self._verify_doubts)
        self._submit(self._meet)
        if (
            watching
            and self.target.path
            and any(step.probes for step in self.runbook.steps)
        ):
            self._submit(self._watch)

    def _verify_doubts(self) -> None:
        """Look at what was interrupted before, and may be settled by now."""
        doubts = self.run.state.doubts.values()
        self._look_again([step for doubt in doubts for step in doubt.waits])

    def _heard(self, event: Event) -> None:
        self._tell(Happened(event))
        if event.kind is Kind.TRUSTED:
            self._submit(self._meet)

    def _meet(self) -> None:
        """Ask which systems the profile leads to, once the document is trusted.

        It is the document that may name the profile, and fetching the secrets of a
        profile may run commands.
        """
        if self._meets and self._door.trusted:
            self._spawn(self._meet_systems())

    async def _meet_systems(self) -> None:
        """What is new is written down."""
        from runbooks.identity_of import meet, tables

        met = await meet(tables(self.target), self.target)
        for found in met.values():
            if not isinstance(found, str):
                self.run.see_system(found)
        self._tell(SystemsMet(met))

    @property
    def looks(self) -> bool:
        """Whether it is this screen of the run that looks at the steps by itself."""
        return self._probing.watches

    @property
    def untrusted(self) -> bool:
        """Whether it is only read: nothing of it runs until somebody trusts it."""
        return self._powerful and not self._door.trusted

    @cached_property
    def _powerful(self) -> bool:
        """Whether there is anything in the document that could run or look."""
        from runbooks.inventory import is_powerful

        return is_powerful(self.runbook)

    # ------------------------------------------------- commands and probes

    def run_part(
        self, part_id: str, text: str | None = None, interactive: bool = False
    ) -> None:
        """Run one part; *text* is an edited copy. Asks first when it must.

        Args:
            interactive: give it the terminal, whatever it looks like.
        """
        said = True if interactive else None
        self._wish(lambda: self._door.wish(part_id, text, said))

    def run_block(self, block_id: str) -> None:
        """Run a block part by part, up to the first failure."""
        self._wish(lambda: self._door.wish_block(block_id))

    def shell(self) -> None:
        """Give the terminal to a shell that is recorded; asks first."""
        so_far = sum(id.startswith(SHELL) for id in self.run.commands)
        self._wish(lambda: shell(so_far + 1))

    def _wish(self, make: Callable[[], Wish]) -> None:
        async def run() -> None:
            await self._working.run(make())

        self._submit(lambda: self._spawn(run()))

    def act(self, asked: ActionSpec, step: str = "") -> None:
        """Perform an action: look what it would do, ask, do it, look at *verify*."""

        async def act() -> None:
            await self._acting.act(asked, step)

        self._submit(lambda: self._spawn(act()))

    def remedy(self, remedy: Remedy) -> None:
        """Do what a step offers; it is looked at again afterwards by itself."""
        if remedy.action:
            self.act(remedy.action, remedy.step)
        else:
            self._wish(lambda: free(remedy.id, remedy.text, remedy.step))

    def take_back(self, changes: Sequence[Changed]) -> None:
        """Take these back one after the other, up to the first that is not."""
        self._submit(lambda: self._spawn(self._taking_back.take_back(changes)))

    def bring_back(self, revision: Revision) -> None:
        """Let a former release run again."""
        self._submit(lambda: self._spawn(self._taking_back.bring_back(revision)))

    def look_back(self) -> None:
        """Ask the systems of the target what ran on them before."""

        async def look() -> None:
            from runbooks.histories import histories

            if not self._door.trusted:
                raise RefusedError("Reading mode: P trusts this runbook, then ask.")
            self._tell(LookedBack(await histories(self.target)))

        self._submit(lambda: self._spawn(look()))

    def stop(self, command_id: str) -> None:
        """SIGTERM to a running command, SIGKILL after its grace.

        Of an action only the watching ends: what was sent stands.
        """

        def stop() -> None:
            if not self._acting.stop(command_id):
                self._working.stop(command_id)

        self._submit(stop)

    def interactive_ended(self, command_id: str, ending: Ending) -> None:
        """The caller ran an interactive command in the terminal; this is its end."""
        self._submit(lambda: self._working.ended_elsewhere(command_id, ending))

    def probe(self, step_ids: Sequence[str] | None = None) -> None:
        """Look at these steps, or at all that have probes.

        Where one step is meant and looking does more than read, a person is asked.
        """

        async def ask() -> None:
            one = step_ids[0] if step_ids and len(step_ids) == 1 else ""
            question = self._door.look_at_probes(one)
            reply = await self._questions.ask(question)
            if reply is not None:
                self._door.admit_trust(question, reply)
                if question.untrusted and not any(
                    step.probes for step in self.runbook.steps
                ):
                    return  # it was asked in order to trust it, and there is no more
                agreed = [one] if question.confirm else []
                await self._probing.look(step_ids, agreed)

        self._submit(lambda: self._spawn(ask()))

    def _look_again(self, step_ids: Sequence[str]) -> None:
        """After a change: look at these steps, where a machine can, asking nobody."""
        known = self.runbook.step_by_id
        ids = [id for id in dict.fromkeys(step_ids) if id in known and known[id].probes]
        if ids and self._door.trusted:
            self._spawn(self._probing.look(ids))

    def plan(self) -> None:
        """Say what would become of everything; nothing of it is written down."""

        async def ask() -> None:
            question = self._door.look_at_probes()
            reply = await self._questions.ask(question)
            if reply is not None:
                self._door.admit_trust(question, reply)
                await self._plan()

        self._submit(lambda: self._spawn(ask()))

    async def _plan(self) -> None:
        from tui.observing import NothingKept
        from tui.planning import make_plan

        if self._planning.locked():
            raise RefusedError("A dry run is under way; its result comes by itself.")
        ledger = NothingKept(self.run.is_trusted, self.run.expected)
        async with self._planning:
            planned = await make_plan(
                self.runbook,
                self.target,
                ledger,
                self.run.state,
                self._door.context,
            )
        self._tell(PlanMade(tuple(planned)))

    def _watch(self) -> None:
        """What a machine can decide is looked at without being asked, once trusted."""
        self._spawn(self._probing.watch(lambda: self._door.trusted))

    # ------------------------------------------------------------ questions

    def answer(self, question_id: str, reply: Reply | None) -> None:
        """A person's reply to what was asked; None when it was cancelled."""

        self._submit(lambda: self._questions.answer(question_id, reply))

    # ------------------------------------------------------ this screen and others

    def running(self) -> tuple[str, ...]:
        """The commands and actions of this run that are at work, one line each."""
        jobs, actions = list(self._working.jobs.values()), list(self._acting.jobs)
        titles = (self.run.actions[id].title for id in actions)
        return (*(job.text for job in jobs), *titles)

    def _look_at_others(self) -> None:
        for event in self.run.poll():
            self._tell(Happened(event))
            if self.run.asks_us(event):
                self.run.release_lever(person(event.by))
        self._working.follow_others()
        self._acting.reattach()
        # By the clock it is over all the same: this is for whoever reads.
        if not self._taking_back.under_way:
            with suppress(StateError):
                self.run.end_arming()
