"""One walk of one runbook against one target: the files of a run, and the Ledger.

progress.toml   journal.jsonl   outputs/   lock   save.lock   lever   cursor
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from runbooks.arming import Arming, armed_until
from runbooks.errors import RefusedError, StateError
from runbooks.events import Event, Kind
from runbooks.model import Runbook
from runbooks.processes import start_time
from runbooks.tables import ActionSpec, CommandClass
from state import crew, entries
from state.acted import taken_back_by
from state.author import Author
from state.clock import Clocks
from state.command_steps import verifying
from state.crew import Member
from state.identities import Identities
from state.journal import Journal
from state.lever import Holder, Lever
from state.locations import run_directory
from state.lock import Lock
from state.progress import Progress, apply
from state.record import OUTPUTS, Record
from state.replaying import JOURNAL
from state.reserve import Reserve
from state.trust import TrustStore, shipped, unsafe
from state.waiting import ENDS, Waiting, changes_systems

if TYPE_CHECKING:
    from runbooks.changes import Description, Identity
    from runbooks.target import Target
    from state.against import Baseline
    from state.drift import Drift
    from state.saving import Saving


BY_A_PERSON = frozenset(
    {
        Kind.DECIDED,
        Kind.UNDONE,
        Kind.NOTED,
        Kind.ATTACHED,
        Kind.COMMAND_REQUESTED,
        Kind.ACTION_REQUESTED,
    }
)
"""What a person does, and may have something to say about to the next one."""


class Run(Record):
    """A run that is open. Safe to use from several threads.

    Attributes:
        by: who records here.
        heard: called with every event recorded here, once it is durable.
        waiting: what could not be written yet.
        notices: sentences for the operator about what was found in its files.
        acted: whether a person did something here that others may want to know.
        left_at: when a person last acted before this opening, ISO 8601 or "".
        left_by: who that was, or "".
        baseline: what a person who comes back knew already; None in a new run.
    """

    def __init__(self, directory: Path, runbook: Runbook, by: Author) -> None:
        super().__init__(directory)
        self.runbook = runbook
        self.by = by
        self.notices: list[str] = []
        self._guard = threading.RLock()
        self._journal = Journal(directory / JOURNAL, Lock(directory / "lock"))
        self._reserve = Reserve(directory / "reserve")
        self.waiting = Waiting()
        self._clocks = Clocks()
        self._jumped = 0.0
        self._others: list[Event] = []
        self._changed: set[str] = set()
        self.heard: Callable[[Event], None] = lambda event: None
        self._trust = TrustStore()
        self._lever = Lever(directory / "lever", by)
        self._identities = Identities(directory.parent.parent)
        self.left_at = self.left_by = ""
        self.baseline: Baseline | None = None
        self.acted = False

    # Imported when first asked for: the first picture needs neither.

    @cached_property
    def _saving(self) -> Saving:
        from state.saving import Saving

        return Saving(self)

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

    # ------------------------------------------------------------ the Ledger

    def record(
        self, kind: Kind, step: str | None = None, data: Mapping[str, Any] | None = None
    ) -> Event:
        """Write an event down durably, apply it, and return it.

        Raises:
            StateError: it could not be written; nothing changed. What nobody can say
                twice is kept in `waiting` and written before anything else.
        """
        data = data or {}
        with self._guard:
            room = self._reserve.keep()
            if changes_systems(kind, data):
                self._refuse_unsaved(room)
            try:
                return self._written(kind, step, data)
            except StateError as error:
                if kind in ENDS and self._reserve.frees(error):
                    with suppress(StateError):
                        return self._written(kind, step, data)
                if not self.waiting.keep(kind, step, data):
                    raise
                raise StateError(f"{error} {self._lacking()}") from error

    def _written(self, kind: Kind, step: str | None, data: Mapping[str, Any]) -> Event:
        self.write_waiting()
        return self._append(kind, step, data)

    def write_waiting(self) -> None:
        """Write down what waits, in its order.

        Raises:
            StateError: it still cannot be written.
        """
        with self._guard:
            while thing := self.waiting.first():
                self._append(thing.kind, thing.step, thing.data)
                self.waiting.written()

    def _append(self, kind: Kind, step: str | None, data: Mapping[str, Any]) -> Event:
        *others, event = self._journal.append(self.by.as_data(), kind, step, data)
        for other in others:
            self._apply(other)
        self._others += others
        self._apply(event)
        self.acted = self.acted or kind in BY_A_PERSON
        self.heard(event)
        if self._jumped:
            jumped = entries.clock_jumped(self._jumped, event.seq)
            with suppress(StateError):  # whoever reads sees it by the times, too
                self._append(Kind.CLOCK_JUMPED, None, jumped)
        return event

    def _refuse_unsaved(self, room: bool) -> None:
        """Refuse to change systems while not everything can be written down.

        Args:
            room: whether there is space to write down how it ends.
        """
        self.write_waiting()
        if self.unsaved:
            raise StateError(
                f"Nothing ran, since this run is not saved: {self.unsaved}"
            )
        if not room:
            raise StateError(
                "Nothing ran: the disk has no room to write down how it ends. "
                f"{self._lacking()}"
            )

    def _lacking(self) -> str:
        """Say what is kept meanwhile, and what the disk lacks."""
        kept = f"{self.waiting} kept until then. " if self.waiting else ""
        lacks = self._reserve.missing()
        return kept + (f"Free {-(-lacks // 1024)} KiB more." if lacks else "")

    def is_trusted(self, digest: str) -> bool:
        """Whether this user trusted the document or command with this sha256.

        The document itself counts only while nobody else could change its file.
        """
        if digest == self.runbook.digest:
            return shipped(self.runbook) or (
                self._trust.is_trusted(digest) and not unsafe(self.runbook.path)
            )
        return self._trust.is_trusted(digest)

    def trust(self, text: str = "") -> None:
        """Trust the whole document, or just the command *text*, from now on.

        Raises:
            RefusedError: others could change the document's file.
            StateError: it could not be written.
        """
        if not text and (wrong := unsafe(self.runbook.path)):
            raise RefusedError(f"Not trusted, since others could change it: {wrong}")
        entry = self._trust.trust(text or self.runbook)
        data = entries.trusted(entry.digest, entry.path)
        self.record(Kind.TRUSTED, None, data)

    def give(self, values: Mapping[str, str]) -> None:
        """Remember what placeholders were answered with, by variable.

        Raises:
            StateError: it could not be written.
        """
        self.record(Kind.INPUT_GIVEN, None, entries.input_given(values))

    def request(
        self, command: str, part: str, text: str, command_class: CommandClass, cwd: str
    ) -> None:
        """Write down that a command is about to start.

        Raises:
            RefusedError: it changes something, and the lever was taken over.
            StateError: it could not be written; it must not start.
        """
        if command_class is not CommandClass.OBSERVE:
            self._refuse_without_lever()
        data = entries.command_requested(
            self.runbook, part, command, text, command_class, cwd
        )
        self.record(Kind.COMMAND_REQUESTED, part, data)

    # ----------------------------------------------------- the right to change

    @property
    def arming(self) -> Arming | None:
        """Why and until when somebody may change systems, None when nobody may."""
        arming = self._state.arming
        return arming if arming and arming.left(datetime.now(UTC)) else None

    def armed(self) -> Arming | None:
        """Return why and until when we may change systems, None when we may not.

        What somebody else is armed for, on a screen of their own, lets us do nothing.
        """
        arming = self.arming
        return arming if arming and arming.by == self.by.name else None

    def arm(self, reason: str) -> None:
        """Allow changes for a while, or for a while more.

        Raises:
            StateError: it could not be written.
        """
        until = armed_until(datetime.now(UTC), self.armed())
        self.record(Kind.ARMED, None, entries.armed(reason, until))

    def disarm(self, why: str) -> None:
        """Allow changes no longer.

        Raises:
            StateError: it could not be written.
        """
        if self._state.arming:
            self.record(Kind.DISARMED, None, entries.disarmed(why))

    def end_arming(self) -> None:
        """Write down that arming is over, once its time is.

        Raises:
            StateError: it could not be written.
        """
        if not self.arming:
            self.disarm("its time is over")

    @property
    def holds_lever(self) -> bool:
        """Whether the right to change systems is ours."""
        return self._lever.held

    def lever(self) -> Holder | None:
        """Return who holds the right to change systems, or died with it.

        Raises:
            StateError: its file cannot be used.
        """
        return self._lever.holder()

    def refuse_lever(self) -> None:
        """Refuse where `take_lever` would.

        Raises:
            RefusedError: as there.
            StateError: its file cannot be used.
        """
        self._lever.refuse()

    def take_lever(self, over: bool = False) -> None:
        """Take the right to change systems, unless it is ours already.

        Args:
            over: a person said to take it over from somebody else who died with it.

        Raises:
            LeverHeld: somebody else holds it, who is named.
            RefusedError: somebody else died with it, and nobody said to take it over.
            StateError: it could not be written.
        """
        if self._lever.held:
            return
        before = self._lever.take(over)
        try:
            if self.arming and not self.armed():
                self.disarm(f"the lever is {self.by.name}'s now")
            data = entries.lever_taken(str(before) if before else "")
            self.record(Kind.LEVER_TAKEN, None, data)
        except StateError:
            self._lever.release()
            raise

    def ask_for_lever(self) -> None:
        """Ask whoever holds the right to change systems to give it up at once.

        Raises:
            StateError: it could not be written.
        """
        if (holder := self.lever()) and holder.alive:
            self.record(Kind.LEVER_ASKED, None, entries.lever_asked(holder.by))

    def release_lever(self, to: str = "") -> None:
        """Give the right to change systems up, *to* somebody if that is known.

        Raises:
            StateError: it could not be written; it is given up all the same.
        """
        if self._lever.held:
            try:
                if self.armed():
                    self.disarm(f"{to} took the lever over" if to else "by hand")
                data = entries.lever_released(to)
                self.record(Kind.LEVER_RELEASED, None, data)
            finally:
                self._lever.release()  # also where nobody can write it down

    def asks_us(self, event: Event) -> bool:
        """Whether somebody asks us, in *event*, to give the lever up."""
        if event.kind is not Kind.LEVER_ASKED or not self._lever.held:
            return False
        return self._is_ours(event.data["holder"])

    def _is_ours(self, by: Mapping[str, Any]) -> bool:
        return crew.place(by) == crew.place(self.by.as_data())

    def _refuse_without_lever(self) -> None:
        if not self._lever.held:
            raise RefusedError(
                "Nothing more runs: the lever of this run is not yours any more. "
                "C shows who holds it."
            )

    def expected(self, table: str) -> Identity | None:
        """Return which system the profile's *table* led to at first contact.

        Raises:
            StateError: what is known cannot be read.
        """
        return self._identities.expected(self.target, table)

    def know(self, identity: Identity) -> None:
        """Remember which system it is, where none is known yet.

        Raises:
            StateError: it could not be written.
        """
        if self.expected(identity.table) is None:
            data = entries.identity_recorded(identity)
            self.record(Kind.IDENTITY_RECORDED, None, data)
            self._identities.know(self.target, identity)

    def act(
        self, command: str, step: str, asked: ActionSpec, description: Description
    ) -> None:
        """Write down that an action is about to start.

        Raises:
            RefusedError: the lever was taken over.
            StateError: it could not be written; it must not start.
        """
        self._refuse_without_lever()
        undoes = taken_back_by(self.actions, asked)
        verify = verifying(self.runbook, step, asked.verify)
        data = entries.action_requested(command, asked, description, undoes, verify)
        self.record(Kind.ACTION_REQUESTED, step or None, data)

    @property
    def others(self) -> tuple[Member, ...]:
        """Who else has this run open at this moment."""
        return crew.others(self._state.members, self.by)

    def is_attended(self, id: str) -> bool:
        """Whether somebody else who is on started this command or action."""
        at = self._state.started_by.get(id)
        return any((member.host, member.pid) == at for member in self.others)

    def catch_up(self) -> None:
        """Learn what other writers recorded; `poll` still returns it.

        Raises:
            StateError: the journal cannot be read.
        """
        with self._guard:
            for event in self._journal.read_new():
                self._apply(event)
                self._others.append(event)

    # ----------------------------------------------------- what it is against

    def read_profile(self, target: Target) -> None:
        """Take note of what the profile says, where that is new to the run.

        Raises:
            StateError: it could not be written.
        """
        from runbooks.profile_words import words

        if target.path is None:
            return
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

    def poll(self) -> list[Event]:
        """Return what other writers recorded since the last call, applied.

        Raises:
            StateError: the journal cannot be read.
        """
        with self._guard:
            self.catch_up()
            events, self._others = self._others, []
            return events

    def _apply(self, event: Event) -> None:
        self._jumped = self._clocks.jump(event)
        try:
            self._changed |= apply(self._state, event)
            if event.kind is Kind.LEVER_RELEASED and self._is_ours(event.by):
                self._lever.release()  # before anybody hears of it
        except StateError as error:
            self.notices.append(str(error))

    # ------------------------------------------------------------ progress.toml

    @property
    def unsaved(self) -> str:
        """Why progress.toml could not be written last time, or ""."""
        return self._saving.problem

    @property
    def dirty(self) -> bool:
        """Whether progress.toml is behind the journal."""
        return self._saving.seq != self._state.seq

    def save(self, last: bool = False) -> None:
        """Write down what waits, and bring progress.toml up to date.

        What was edited by hand is merged.

        Args:
            last: there is no later time for it, so the reserve may go.

        Raises:
            StateError: it cannot be written; `unsaved` says why until it can.
        """
        try:
            self._with_reserve(self.write_waiting, last)
        finally:
            self._with_reserve(self._saving.save, last)

    def _with_reserve(self, write: Callable[[], None], last: bool) -> None:
        try:
            write()
        except StateError as error:
            if not (last and self._reserve.frees(error)):
                raise
            write()

    def take_changes(self) -> tuple[Progress, set[str]]:
        """Catch up with other writers; return a copy of all and the changed steps."""
        with self._guard:
            # Of two screens the later save must not be the older state.
            self.catch_up()
            changed, self._changed = self._changed, set()
            state = self._state.copy()
            state.head = self._journal.head
            return state, changed

    def give_changes_back(self, steps: set[str]) -> None:
        """Count *steps* as changed again: they could not be saved."""
        with self._guard:
            self._changed |= steps

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
