"""The right to change systems: who holds the lever, who is armed, and for which."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runbooks.arming import Arming, armed_until
from runbooks.errors import RefusedError, StateError
from runbooks.events import Event, Kind
from runbooks.model import Runbook
from runbooks.tables import ActionSpec, CommandClass
from state import crew, entries
from state.acted import taken_back_by
from state.author import Author
from state.command_steps import verifying
from state.identities import Identities
from state.lever import Holder, Lever
from state.recording import Recording

if TYPE_CHECKING:
    from runbooks.changes import Description, Identity


class Changing(Recording):
    """A run by which systems may be changed, by one person at a time."""

    def __init__(self, directory: Path, runbook: Runbook, by: Author) -> None:
        super().__init__(directory, runbook, by)
        self._lever = Lever(directory / "lever", by)
        self._identities = Identities(directory.parent.parent)

    # ----------------------------------------------------------------- arming

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

    # -------------------------------------------------------------- the lever

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

    def refuse_change(self) -> None:
        """Refuse where nothing may be changed now, whatever a person says.

        Raises:
            RefusedError: somebody else may, as with `take_lever`.
            StateError: this run is not saved, or the lever's file cannot be used.
        """
        self.refuse_unsaved()
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

    def _apply(self, event: Event) -> None:
        super()._apply(event)
        if event.kind is Kind.LEVER_RELEASED and self._is_ours(event.by):
            self._lever.release()  # before anybody hears of it

    # ------------------------------------------------- which system, and changes

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
