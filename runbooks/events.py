"""What happens in a run, and what the door needs to write it down."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from runbooks.tables import ActionSpec, CommandClass

if TYPE_CHECKING:
    from runbooks.arming import Arming
    from runbooks.changes import Description, Identity


class Kind(StrEnum):
    """Kinds of event; the journal holds no others."""

    RUN_OPENED = "run_opened"
    RUN_CLOSED = "run_closed"
    CLOCK_JUMPED = "clock_jumped"
    TRUSTED = "trusted"
    PROBE_FINISHED = "probe_finished"
    SOAK_LOOKED = "soak_looked"
    COMMAND_REQUESTED = "command_requested"
    COMMAND_STARTED = "command_started"
    COMMAND_FINISHED = "command_finished"
    DECIDED = "decided"
    UNDONE = "undone"
    NOTED = "noted"
    ATTACHED = "attached"
    INPUT_GIVEN = "input_given"
    EDITED_BY_HAND = "edited_by_hand"
    DRIFT_FOUND = "drift_found"
    ARMED = "armed"
    DISARMED = "disarmed"
    LEVER_TAKEN = "lever_taken"
    LEVER_ASKED = "lever_asked"
    LEVER_RELEASED = "lever_released"
    HANDED_OVER = "handed_over"
    IDENTITY_RECORDED = "identity_recorded"
    ACTION_REQUESTED = "action_requested"
    ACTION_FINISHED = "action_finished"
    LOOSE_END_ACCEPTED = "loose_end_accepted"
    SETTLED = "settled"
    PROFILE_READ = "profile_read"
    IDENTITY_SEEN = "identity_seen"
    RESUMED = "resumed"
    SECRET_SHOWN = "secret_shown"


class Event(msgspec.Struct, frozen=True):
    """One line of the journal.

    Attributes:
        seq: 1-based position; the order of events is this, never the clock.
        id: unique, for example ``4f1c…`` (hex).
        at: wall clock, ISO 8601 with offset.
        mono: seconds of a clock that nobody sets, comparable within one `boot`.
        boot: kernel boot id.
        by: ``user``, ``sudo_user``, ``host``, ``pid``.
        step: id of the step, part or block it is about, or None.
        prev: sha256 hex of the previous line.
    """

    seq: int
    id: str
    at: str
    mono: float
    boot: str
    by: Mapping[str, Any]
    kind: Kind
    step: str | None
    data: Mapping[str, Any]
    prev: str


class Ledger(Protocol):
    """What the door may know of a run's state, and write into it.

    What writes returns once the event is durable, or raises StateError: then nothing
    may run.
    """

    def armed(self) -> Arming | None:
        """Return why and until when we may change systems, None when we may not."""

    def arm(self, reason: str) -> None:
        """Allow changes for a while, from now on."""

    def refuse_change(self) -> None:
        """Refuse where nothing may be changed now, whatever a person says.

        Raises:
            RefusedError: somebody else may, as with `take_lever`.
        """

    def take_lever(self) -> None:
        """Take the right to change systems, unless this run has it already.

        Raises:
            RefusedError: another screen or person holds it; says who.
        """

    def expected(self, table: str) -> Identity | None:
        """Return which system the profile's *table* led to at first contact."""

    def know(self, identity: Identity) -> None:
        """Remember which system it is, where none is known yet."""

    def act(
        self, command: str, step: str, asked: ActionSpec, description: Description
    ) -> None:
        """An action is about to start.

        Args:
            command: name of its files under outputs/.
            step: id of the step that it belongs to, or "".
        """

    def is_trusted(self, digest: str) -> bool:
        """Whether the operator has trusted the text with this sha256."""

    def changed_since_trusted(self) -> tuple[str, ...]:
        """Return how the document differs from what was trusted before, line by line.

        Nothing where nothing was trusted or nothing differs.
        """

    def trust(self, text: str = "") -> None:
        """Trust the whole document, or just the command *text*, from now on."""

    def give(self, values: Mapping[str, str]) -> None:
        """Remember what placeholders were answered with, by variable."""

    def request(
        self, command: str, part: str, text: str, command_class: CommandClass, cwd: str
    ) -> None:
        """A command is about to start.

        Args:
            command: name of its files under outputs/.
            part: id of the part.
            text: what will run, redacted.
        """
