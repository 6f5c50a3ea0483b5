"""What the engine writes down for a person: answers, notes, and the right to change."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from runbooks.errors import GonogoError, RefusedError
from runbooks.events import Kind
from state import entries
from state.deciding import attach, decide_all, note, settle, withdraw
from state.evidence import evidence as evidence_of
from state.lever import LeverHeld
from state.standing import Answer
from tui.engine_thread import LOOK_EVERY, EngineThread
from tui.told import Told

if TYPE_CHECKING:
    from runbooks.model import Runbook
    from state.run import Run

GIVES_UP = 5.0
"""Seconds in which the screen that holds the lever gives it up when it is asked to."""


class EngineRecords(EngineThread):
    """One run that people answer."""

    def __init__(
        self, runbook: Runbook, run: Run, tell: Callable[[Told], None]
    ) -> None:
        super().__init__(run, tell)
        self.runbook = runbook

    @abstractmethod
    def _look_again(self, step_ids: Sequence[str]) -> None:
        """Look at these steps, where a machine can, asking nobody."""

    # ---------------------------------------------------------------- answers

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

    def secret_shown(self, names: Sequence[str]) -> None:
        """A person had the values of these variables shown on the screen."""
        self._submit(lambda: self.run.secret_shown(names))

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

    # ---------------------------------------------------- the right to change

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
