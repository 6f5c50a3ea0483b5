"""Writing down what happens: journal first, progress.toml after it.

What the disk does not take waits in memory and goes first; meanwhile no system is
changed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runbooks.errors import StateError
from runbooks.events import Event, Kind
from runbooks.masking import Mask
from runbooks.model import Runbook
from runbooks.redaction import secret_values
from state import entries
from state.author import Author
from state.clock import Clocks
from state.journal import Journal
from state.lock import Lock
from state.progress import Progress, apply
from state.record import Record
from state.replaying import JOURNAL
from state.reserve import Reserve
from state.waiting import ENDS, Waiting, changes_systems

if TYPE_CHECKING:
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

OUR_WORDS = frozenset(
    {
        Kind.RUN_OPENED,
        Kind.RUN_CLOSED,
        Kind.CLOCK_JUMPED,
        Kind.TRUSTED,
        Kind.COMMAND_STARTED,
        Kind.DRIFT_FOUND,
        Kind.IDENTITY_RECORDED,
        Kind.IDENTITY_SEEN,
        Kind.LEVER_TAKEN,
        Kind.LEVER_ASKED,
        Kind.LEVER_RELEASED,
        Kind.PROFILE_READ,
        Kind.RESUMED,
        Kind.SECRET_SHOWN,
    }
)
"""What holds nothing that a person typed or a system said, so no secret."""


class Recording(Record):
    """A run that can be written to. Safe to use from several threads.

    Attributes:
        by: who records here.
        mask: hides secrets in what is recorded.
        heard: called with every event recorded here, once it is durable.
        waiting: what could not be written yet.
        notices: sentences for the operator about what was found in its files.
        acted: whether a person did something here that others may want to know.
    """

    def __init__(self, directory: Path, runbook: Runbook, by: Author) -> None:
        super().__init__(directory)
        self.runbook = runbook
        self.by = by
        self.notices: list[str] = []
        self.mask = Mask(lambda: secret_values(os.environ))
        self._guard = threading.RLock()
        self._journal = Journal(directory / JOURNAL, Lock(directory / "lock"))
        self._reserve = Reserve(directory / "reserve")
        self.waiting = Waiting()
        self._clocks = Clocks()
        self._jumped = 0.0
        self._others: list[Event] = []
        self._changed: set[str] = set()
        self.heard: Callable[[Event], None] = lambda event: None
        self.acted = False

    @cached_property
    def _saving(self) -> Saving:
        # Imported when first asked for: the first picture needs it not.
        from state.saving import Saving

        return Saving(self)

    # ------------------------------------------------------------- the journal

    def record(
        self, kind: Kind, step: str | None = None, data: Mapping[str, Any] | None = None
    ) -> Event:
        """Write an event down durably, apply it, and return it.

        Raises:
            StateError: it could not be written; nothing changed. What nobody can say
                twice is kept in `waiting` and written before anything else.
        """
        data = data or {}
        if kind not in OUR_WORDS:
            data = self.mask.data(data)
        with self._guard:
            self._reserve.keep()
            if changes_systems(kind, data):
                self.refuse_unsaved()
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

    def refuse_unsaved(self) -> None:
        """Refuse to change systems while not everything can be written down.

        Raises:
            StateError: it cannot, or there is no room for how the change ends.
        """
        self.write_waiting()
        if self.unsaved:
            raise StateError(
                f"Nothing ran, since this run is not saved: {self.unsaved}"
            )
        if not self._reserve.keep():
            raise StateError(
                "Nothing ran: the disk has no room to write down how it ends. "
                f"{self._lacking()}"
            )

    def _lacking(self) -> str:
        """Say what is kept meanwhile, and what the disk lacks."""
        kept = f"{self.waiting} kept until then. " if self.waiting else ""
        lacks = self._reserve.missing()
        return kept + (f"Free {-(-lacks // 1024)} KiB more." if lacks else "")

    def catch_up(self) -> None:
        """Learn what other writers recorded; `poll` still returns it.

        Raises:
            StateError: the journal cannot be read.
        """
        with self._guard:
            for event in self._journal.read_new():
                self._apply(event)
                self._others.append(event)

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
        except StateError as error:
            self.notices.append(str(error))

    # ----------------------------------------------------------- progress.toml

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
