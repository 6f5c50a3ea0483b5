"""One walk of one runbook against one target: the files of a run, and the Ledger.

progress.toml   journal.jsonl   outputs/   lock   save.lock   lever   cursor
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from runbooks.errors import RefusedError
from runbooks.events import Kind
from runbooks.model import Runbook
from runbooks.processes import start_time
from state import crew, entries
from state.author import Author
from state.changing import Changing
from state.crew import Member
from state.locations import run_directory
from state.record import OUTPUTS
from state.trust import TrustStore, changeable

if TYPE_CHECKING:
    from runbooks.changes import Identity
    from runbooks.target import Target
    from state.against import Baseline
    from state.drift import Drift


class Run(Changing):
    """A run that is open.

    Attributes:
        left_at: when a person last acted before this opening, ISO 8601 or "".
        left_by: who that was, or "".
        baseline: what a person who comes back knew already; None in a new run.
    """

    def __init__(self, directory: Path, runbook: Runbook, by: Author) -> None:
        super().__init__(directory, runbook, by)
        self._trust = TrustStore()
        self._unwritten: dict[str, str] = {}
        self.left_at = self.left_by = ""
        self.baseline: Baseline | None = None

    @cached_property
    def drift(self) -> Drift:
        """How the document changed since a person last saw how it had."""
        from state.drift import Drift

        return Drift()

    @classmethod
    def create(cls, home: Path, runbook: Runbook, target: str, by: Author) -> Run:
        """Begin a new run under the state home *home*.

        Raises:
            StateError: the state home cannot be used.
        """
        run_directory(home)
        run_directory(home / "runs")
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        directory = run_directory(home / "runs" / f"{stamp}-{uuid4().hex[:6]}")
        run_directory(directory / OUTPUTS)
        run = cls(directory, runbook, by)
        start = start_time(by.pid)
        opened = entries.run_opened(runbook, target, True, start)
        run.record(Kind.RUN_OPENED, None, opened)
        return run

    @classmethod
    def open(cls, directory: Path, runbook: Runbook, by: Author) -> Run:
        """Go on with the run in *directory*.

        Raises:
            StateError: its files cannot be read.
            NewerState: a newer gonogo wrote them; nothing was changed.
        """
        run_directory(directory)
        run = cls(directory, runbook, by)
        run._resume()
        return run

    def _resume(self) -> None:
        from state.drift import drift

        self._saving.begin()
        self._journal.know(self._saving.known)
        for event in self._journal.read_new():
            self._apply(event)
        self.left_at, self.left_by = self._state.acted_at, self._state.acted_by
        self.baseline = known = self._state.baseline
        if damage := self._journal.lost():
            more = f" And so in {len(damage) - 1} more places." if damage[1:] else ""
            self.notices.append(f"{damage[0]}{more}")
        self._saving.merge(lost=bool(damage))
        state = self._state
        changed = drift(state.digests, self.runbook, state.sections)
        if changed.any:
            self.record(Kind.DRIFT_FOUND, None, changed.as_data())
        self.drift = changed
        if known and known.digests != state.digests:
            self.drift = drift(known.digests, self.runbook, known.sections)
        new = self._state.document != self.runbook.digest
        start = start_time(self.by.pid)
        opened = entries.run_opened(self.runbook, self.target, new, start)
        self.record(Kind.RUN_OPENED, None, opened)

    # -------------------------------------------------- trust, and what is given

    def is_trusted(self, digest: str) -> bool:
        """Whether this user trusted the document or command with this sha256.

        The document itself counts only where it lies, and only while nobody else could
        change its file.
        """
        return self._trust.within(self.runbook)(digest)

    def changed_since_trusted(self) -> tuple[str, ...]:
        """Return the lines of a diff from what was trusted where the document lies.

        Nothing where nothing was trusted or nothing differs.
        """
        from state.trust_changes import changes

        before = self._trust.known(self.runbook.path)
        return changes(before, self.runbook) if before else ()

    def trust(self, text: str = "") -> None:
        """Trust the whole document, or just the command *text*, from now on.

        Raises:
            RefusedError: others could change the document's file.
            StateError: it could not be written.
        """
        if not text and (wrong := changeable(self.runbook)):
            raise RefusedError(f"Not trusted, since others could change it: {wrong}")
        entry = self._trust.trust(text or self.runbook)
        data = entries.trusted(entry.digest, entry.path)
        self.record(Kind.TRUSTED, None, data)

    def give(self, values: Mapping[str, str]) -> None:
        """Remember what placeholders were answered with, by variable.

        A secret is remembered as long as this process lives, and written nowhere.

        Raises:
            StateError: it could not be written.
        """
        from runbooks.secrets import named

        self.mask.hide(*(value for name, value in values.items() if named(name)))
        for name, value in values.items():
            if self.mask.text(value) == value:
                self._unwritten.pop(name, None)
            else:
                self._unwritten[name] = value
        rest = {n: v for n, v in values.items() if n not in self._unwritten}
        if rest:
            self.record(Kind.INPUT_GIVEN, None, entries.input_given(rest))

    @property
    def inputs(self) -> Mapping[str, str]:
        """Remembered answers and outputs, and the secrets among this process's own."""
        return {**super().inputs, **self._unwritten}

    def secret_shown(self, names: Iterable[str]) -> None:
        """Write down that a person had these variables' values shown on the screen.

        Raises:
            StateError: it could not be written.
        """
        self.record(Kind.SECRET_SHOWN, None, entries.secret_shown(names))

    # -------------------------------------------- who is on, and what it is against

    @property
    def others(self) -> tuple[Member, ...]:
        """Who else has this run open at this moment."""
        return crew.others(self._state.members, self.by)

    def is_attended(self, id: str) -> bool:
        """Whether somebody else who is on started this command or action."""
        at = self._state.started_by.get(id)
        return any((member.host, member.pid) == at for member in self.others)

    def read_profile(self, target: Target) -> None:
        """Take note of what the profile says, where that is new to the run.

        Raises:
            StateError: it could not be written.
        """
        if target.path is None:
            return
        from runbooks.profile_words import words

        says = words(target)
        if says != self._state.profile:
            self.record(Kind.PROFILE_READ, None, entries.profile_read(says))

    def see_system(self, found: Identity) -> None:
        """Take note of the system that the profile leads to, where that is new.

        Raises:
            StateError: it could not be written.
        """
        if self._state.seen.get(found.table) != found:
            self.record(Kind.IDENTITY_SEEN, None, entries.identity_seen(found))

    def know_changes(self) -> None:
        """A person has seen what changed since the run was left.

        Raises:
            StateError: it could not be written.
        """
        self.record(Kind.RESUMED)

    # ---------------------------------------------------------------- leaving

    def hand_over(self, note: str) -> None:
        """Say what the next one on shift should know.

        Raises:
            StateError: it could not be written.
        """
        self.record(Kind.HANDED_OVER, None, entries.handed_over(note))

    def close(self) -> None:
        """Save, record the closing and give the files back.

        Raises:
            StateError: something could not be written.
        """
        try:
            self.record(Kind.RUN_CLOSED)
        finally:
            self.save(last=True)
        self._reserve.give()
        self._lever.release()
        self._journal.close()
        self._saving.close()
