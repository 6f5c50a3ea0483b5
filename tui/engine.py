"""The engine: probes, commands and the journal, on a thread of their own.

A terminal that nobody reads stops Textual's loop within seconds; what this
thread does goes on. The screen and the headless commands use it alike: they
call methods, which return at once, and are told what happened afterwards,
after it has been written down.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from runbooks.errors import GonogoError, RefusedError, StateError
from runbooks.events import Kind
from runbooks.wish import SHELL, free, shell
from state import entries
from state.author import person
from state.deciding import attach, decide_all, note, settle, withdraw
from state.evidence import evidence as evidence_of
from state.lever import LeverHeld
from state.standing import Answer
from tui.acting import Acting
from tui.probing import Probing
from tui.questions import Questions
from tui.taking_back import TakingBack
from tui.told import (
    Happened,
    LookedBack,
    NotSaved,
    PlanMade,
    Refused,
    Saved,
    SystemsMet,
    Told,
)
from tui.working import Working

if TYPE_CHECKING:
    from runbooks.asking import Reply
    from runbooks.changes import Revision
    from runbooks.commands import Ending
    from runbooks.gate import Door
    from runbooks.model import Runbook
    from runbooks.remedies import Remedy
    from runbooks.tables import ActionSpec
    from runbooks.target import Target
    from runbooks.wish import Wish
    from state.changed import Changed
    from state.run import Run

LOG = logging.getLogger("gonogo.engine")
BUG = "A bug in gonogo stopped this; the log has the details."
SAVE_EVERY = 1.0
"""Seconds after which a decision is in progress.toml at the latest, twice over."""
LOOK_EVERY = 0.3
"""Seconds between looks at what other screens of this run wrote."""
GIVES_UP = 5.0
"""Seconds in which the screen that holds the lever gives it up when it is asked to."""


class Engine:
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
        self.runbook = runbook
        self.run = run
        self.target = target
        self._door = door
        self._tell = tell
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._live, name="gonogo-engine", daemon=True
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._planning = asyncio.Lock()
        self._unsaved = False
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
        self.run.heard = lambda event: self._tell(Happened(event))
        self._thread.start()
        self._submit(lambda: self.run.read_profile(self.target))
        self._submit(self._working.reattach)
        self._submit(self._acting.reattach)
        self._submit(self._verify_doubts)
        if watching and self.target.path:
            self._submit(lambda: self._spawn(self._meet()))
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

    async def _meet(self) -> None:
        """Ask which systems the profile leads to; what is new is written down."""
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
        """Whether it has probes that wait until somebody trusts the document."""
        return any(each.probes for each in self.runbook.steps) and not (
            self._door.trusted
        )

    # ------------------------------------------------------------ decisions

    def decide(
        self,
        step_ids: Sequence[str],
        answer: Answer,
        note: str = "",
        until: str = "",
        role: str = "",
        evidence: str = "",
    ) -> None:
        """Record a person's answer: for all of the steps, or for none.

        Args:
            evidence: what shows that it was done by hand: text, path or link. What a
                machine can see of it is looked at again.
        """
        steps = [self.runbook.step_by_id[step_id] for step_id in step_ids]

        def decide() -> None:
            shown = evidence_of(evidence) if evidence.strip() else None
            decide_all(self.run, steps, answer, note, until, role, shown)
            if answer is Answer.DONE:
                self._look_again(step_ids)

        self._submit(decide)

    def settle(self, id: str, note: str) -> None:
        """Say why an interrupted command or action is in doubt no longer."""
        self._submit(lambda: settle(self.run, id, note))

    def know_changes(self) -> None:
        """A person has seen what changed since the run was left."""
        self._submit(self.run.know_changes)

    def withdraw(self, step_id: str) -> None:
        """Take back the last decision on a step."""
        step = self.runbook.step_by_id[step_id]
        self._submit(lambda: withdraw(self.run, step))

    def note(self, step_id: str, text: str) -> None:
        self._submit(lambda: note(self.run, step_id, text))

    def attach(self, step_id: str, text: str) -> None:
        """Attach evidence: text, path or link."""

        def attached() -> None:
            shown = evidence_of(text)
            attach(self.run, step_id, shown.kind, shown.value)

        self._submit(attached)

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

    # ------------------------------------------------- the right to change

    def take_lever_over(self) -> None:
        """Take the lever from whoever holds it, or died with it: a person said so."""

        async def take() -> None:
            self.run.ask_for_lever()
            until = self._loop.time() + GIVES_UP
            while True:
                try:
                    self.run.take_lever(over=True)
                    return
                except LeverHeld:
                    if self._loop.time() > until:
                        raise RefusedError(
                            f"The lever was not given up: {self.run.lever()} does not "
                            "answer, stopped or hung. It is free once that process "
                            "has ended."
                        ) from None
                await asyncio.sleep(LOOK_EVERY / 4)

        self._submit(lambda: self._spawn(take()))

    def release_lever(self) -> None:
        """Give the lever back: somebody else may change systems."""
        self._submit(self.run.release_lever)

    def arm(self, reason: str) -> None:
        """Allow changes for half an hour, or for half an hour more."""

        def arm() -> None:
            self.run.take_lever()
            self.run.arm(reason)

        self._submit(arm)

    def disarm(self) -> None:
        """Allow changes no longer; what runs goes on."""
        self._submit(lambda: self.run.disarm("by hand"))

    def accept_loose_end(self, action: str, note: str) -> None:
        """Leave what an action changed as it is, for a reason."""

        def accept() -> None:
            if not self.run.actions[action].is_loose:
                raise RefusedError("That is no loose end any more.")
            if not note.strip():
                raise RefusedError("Say why it may stay as it is.")
            data = entries.loose_end_accepted(action, note)
            self.run.record(Kind.LOOSE_END_ACCEPTED, None, data)

        self._submit(accept)

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

    # ----------------------------------------------------------------- life

    def running(self) -> tuple[str, ...]:
        """The commands and actions of this run that are at work, one line each."""
        jobs, actions = list(self._working.jobs.values()), list(self._acting.jobs)
        titles = (self.run.actions[id].title for id in actions)
        return (*(job.text for job in jobs), *titles)

    def hand_over(self, note: str) -> str:
        """Write down what the next one on shift should know. Blocks.

        Returns:
            why it could not be written, or "".
        """
        written: Future[None] = Future()

        def write() -> None:
            try:
                self.run.hand_over(note)
                written.set_result(None)
            except Exception as error:
                written.set_exception(error)
                raise

        self._submit(write)
        try:
            written.result(timeout=5)
        except TimeoutError:
            return "The note could not be written yet; the disk does not answer."
        except GonogoError as error:
            return str(error)
        return ""

    def close(self) -> None:
        """Save, note the end of this screen, and stop; commands go on. Blocks."""
        if not self._thread.is_alive():
            return

        def last() -> None:
            try:
                self.run.close()
            finally:
                self._loop.stop()

        self._loop.call_soon_threadsafe(lambda: self._guarded(last))
        self._thread.join(timeout=5)

    def flush(self) -> None:
        """Write progress.toml now, from whatever thread a signal arrived on."""
        done = threading.Event()

        def save() -> None:
            self._save(last=True)
            done.set()

        self._loop.call_soon_threadsafe(save)
        done.wait(timeout=2)

    def _live(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._spawn(self._keep_saved())
        self._spawn(self._watch_others())
        try:
            self._loop.run_forever()
        finally:
            for task in self._tasks:
                task.cancel()
            self._loop.run_until_complete(
                asyncio.gather(*self._tasks, return_exceptions=True)
            )
            self._loop.close()

    async def _keep_saved(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY)
            if self.run.dirty or self.run.waiting or self._unsaved:
                self._save()

    def _save(self, last: bool = False) -> None:
        try:
            self.run.save(last)
        except StateError as error:
            self._unsaved = True
            self._tell(NotSaved(str(error)))
        else:
            self._unsaved = False
            self._tell(Saved(self.run.seq))

    async def _watch_others(self) -> None:
        told = ""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                self._look_at_others()
                told = ""
            except Exception as error:
                if str(error) != told:  # it may last: said once
                    self._explain(error)
                told = str(error)

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

    def _submit(self, call: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(lambda: self._guarded(call))

    def _guarded(self, call: Callable[[], object]) -> None:
        try:
            call()
        except Exception as error:
            self._explain(error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except Exception as error:
                self._explain(error)

        def over(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            work.close()  # where it ended before it had begun

        task = self._loop.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(over)

    def _explain(self, error: Exception) -> None:
        """A refusal is told in plain words; a bug is told as one, and logged."""
        match error:
            case StateError():
                self._unsaved = True
                self._tell(NotSaved(str(error)))
            case GonogoError():
                self._tell(Refused(str(error)))
            case _:
                LOG.error("a bug in the engine", exc_info=error)
                self._tell(Refused(BUG))
