"""What the one door asks, what a person replies, and the leave that follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from runbooks.tables import CommandClass

if TYPE_CHECKING:
    from runbooks.changes import Identity
    from runbooks.placeholders import Placeholder
    from runbooks.wish import Wish


STANDS = 60.0
"""Seconds for which a question about a change may be answered."""
EXPIRED = f"Nothing ran: it was asked over {STANDS:g} s ago. Close this, ask again."


class Asked(msgspec.Struct, frozen=True):
    """A placeholder to be filled in.

    Attributes:
        remembered: what was answered earlier in this run, or "".
    """

    placeholder: Placeholder
    candidates: tuple[str, ...]
    remembered: str

    @property
    def secret(self) -> bool:
        """Whether its value is one, as its name says: not to be seen or written."""
        from runbooks.secrets import named

        return named(self.placeholder.variable)


class Question(msgspec.Struct, frozen=True):
    """All that is missing before something may run, asked at once.

    Attributes:
        text: what the shell will be given, placeholders replaced by references.
        original: the same as written.
        part: id of the part, of the block when it is run whole, or "" for probes.
        reason: why the text has this class.
        undo: how it is taken back, or "" when nobody said.
        untrusted: every command, probe and host of the document, when it is not
            trusted yet; else empty.
        confirm: it changes something, so a person must say yes.
        type_word: what must be typed because it destroys something, or "".
        arm: changes are not allowed yet, so a reason for them must be given.
        facts: more to read before one agrees, a name and a text each.
        systems: which it reaches, as they said themselves when this was asked.
    """

    id: str
    title: str
    text: str = ""
    original: str = ""
    part: str = ""
    command_class: CommandClass = CommandClass.OBSERVE
    inferred: bool = False
    reason: str = ""
    target: str = ""
    cwd: str = ""
    undo: str = ""
    placeholders: tuple[Asked, ...] = ()
    untrusted: tuple[str, ...] = ()
    confirm: bool = False
    type_word: str = ""
    arm: bool = False
    facts: tuple[tuple[str, str], ...] = ()
    systems: tuple[Identity, ...] = ()

    @property
    def needed(self) -> bool:
        """Whether a person has to be asked at all."""
        unanswered = any(not asked.remembered for asked in self.placeholders)
        return self.confirm or bool(self.untrusted) or unanswered

    def is_as(self, other: Question) -> bool:
        """Whether both ask about the same change of the same systems.

        What the runbook is trusted for, and being armed, are looked at by themselves.
        """
        return (
            (self.text, self.original, self.command_class, self.cwd, self.undo)
            == (other.text, other.original, other.command_class, other.cwd, other.undo)
            and self.facts == other.facts
            and self.systems == other.systems
            and self.type_word == other.type_word
        )


class Reply(msgspec.Struct, frozen=True):
    """A person's answer to a Question; cancelling is no Reply.

    Attributes:
        values: environment variable of a placeholder to its value.
        as_written: run the text with its placeholders as they stand.
        trust: ``all`` trusts the document, ``this`` only this command.
        typed: what was typed for `Question.type_word`.
        cwd: another working directory, or "".
        reason: why systems are changed, for `Question.arm`.
    """

    values: Mapping[str, str] = {}
    as_written: bool = False
    trust: Literal["", "all", "this"] = ""
    typed: str = ""
    cwd: str = ""
    reason: str = ""


class Permit(msgspec.Struct, frozen=True):
    """Leave to run, given once: the exact texts and the environment they get.

    Attributes:
        systems: which they may reach.
    """

    wish: Wish
    texts: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    command_class: CommandClass
    systems: tuple[Identity, ...] = ()


class Place(msgspec.Struct, frozen=True):
    """Where commands of this run are executed and written down.

    Attributes:
        outputs: directory of what commands print.
        context: file of the shell context that commands of the run share.
        started_in: working directory of the first command.
        secrets: fetches the values that must never be written.
    """

    outputs: Path
    context: Path
    started_in: Path
    secrets: Callable[[], tuple[str, ...]]
