"""Keeping progress.toml behind the journal, and what people write in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runbooks.errors import StateError
from runbooks.events import Kind
from state.checkpoint import Checkpoint
from state.locations import sweep
from state.lock import Lock
from state.reading import Found
from state.record import PROGRESS
from state.replaying import replay
from state.verdict import Tally

if TYPE_CHECKING:
    from state.recording import Recording


class Saving:
    """Writes a run's progress.toml; between processes one at a time.

    Attributes:
        seq: last event that the file holds.
        problem: why the file could not be written last time, or "".
    """

    def __init__(self, run: Recording) -> None:
        self.seq = 0
        self.problem = ""
        self._run = run
        self._lock = Lock(run.directory / "save.lock")
        self._checkpoint = Checkpoint(run.directory / PROGRESS)
        self._found = Found()
        self._tally = Tally(run.runbook)
        self._kept = False

    def begin(self) -> None:
        """Look at the file of a run that is being opened.

        Raises:
            StateError: it cannot be read.
            NewerState: a newer gonogo wrote it.
        """
        with self._lock:
            sweep(self._run.directory / PROGRESS)
            self._found = self._checkpoint.look()

    @property
    def known(self) -> tuple[int, str]:
        """The last event that the file holds, and the sha256 of its line."""
        return self._found.seq, self._found.head

    def save(self) -> None:
        """Replace the file, merging what was edited by hand since the last time.

        Raises:
            StateError: it cannot be written; the old file stands.
        """
        try:
            with self._lock:
                while not self._save():
                    pass  # somebody wrote the file in this moment: look again
                self._keep_version()
        except StateError as error:
            self.problem = str(error)
            raise
        self.problem = ""

    def _keep_version(self) -> None:
        from state.versions import keep

        if not self._kept:
            keep(self._run.directory, self._run.runbook)
            self._kept = True

    def _save(self) -> bool:
        if self._checkpoint.changed():
            self._found = self._checkpoint.look()
            self.merge()
        progress, changed = self._run.take_changes()
        saved = False
        try:
            verdict = self._tally.verdict(progress.steps, datetime.now(UTC))
            counted = verdict.done, verdict.total
            saved = self._checkpoint.save(self._run.runbook, progress, changed, counted)
        finally:
            if not saved:
                self._run.give_changes_back(changed)
        if saved:
            self.seq = progress.seq
        return saved

    def merge(self, lost: bool = False) -> None:
        """Record what a person edited, or what the journal *lost*.

        Either is what the file says beyond what the journal gives for its `seq`.

        Raises:
            StateError: it could not be written down.
        """
        run = self._run
        if self._found.problem:
            run.notices.append(self._found.problem)
        if lost:
            self._found = self._checkpoint.look(tables_too=True)
        if not (self._found.edited or lost):
            return
        from state.editing import edits

        base = replay(run.directory, self._found.seq)
        edited = edits(run.runbook, base, self._found.steps, run.state, lost)
        for step, data in edited.items():
            run.record(Kind.EDITED_BY_HAND, step, data)
            run.notices += [
                f"{PROGRESS}, step {step}: {reason}" for reason in data["refused"]
            ]

    def close(self) -> None:
        self._lock.close()
