"""What the engine tells its face: frozen values, each already written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from runbooks.events import Event

if TYPE_CHECKING:
    from runbooks.asking import Question
    from runbooks.changes import Progress
    from runbooks.commands import Ending, Plan
    from runbooks.histories import Histories
    from runbooks.identity_of import Met
    from runbooks.planned import Planned


class Happened(msgspec.Struct, frozen=True):
    """An event, durable and already part of the run's progress."""

    event: Event


class OutputCame(msgspec.Struct, frozen=True):
    """Redacted bytes of a command, and how many were skipped to keep up."""

    command: str
    data: bytes
    skipped: int = 0


class CommandEnded(msgspec.Struct, frozen=True):
    """A command of this run has ended."""

    command: str
    ending: Ending


class Advanced(msgspec.Struct, frozen=True):
    """An action of this run has come so far."""

    action: str
    progress: Progress


class LookedBack(msgspec.Struct, frozen=True):
    """What ran on the systems of the target before, by table of the profile."""

    found: Histories


class ActionEnded(msgspec.Struct, frozen=True):
    """An action of this run has ended; the run knows how."""

    action: str


class SystemsMet(msgspec.Struct, frozen=True):
    """Which systems the profile leads to, or why nobody knows, by its table."""

    met: Met


class Saved(msgspec.Struct, frozen=True):
    """progress.toml holds everything up to event *seq*."""

    seq: int


class NotSaved(msgspec.Struct, frozen=True):
    """Something could not be written; the reason, and what to do."""

    reason: str


class Looking(msgspec.Struct, frozen=True):
    """A pass over the probes still has to look at so many steps."""

    steps: int


class Announced(msgspec.Struct, frozen=True):
    """What a pass over the probes brought, in a sentence or two.

    Attributes:
        news: something went bad or well that nobody asked about.
    """

    message: str
    news: bool = True


class Refused(msgspec.Struct, frozen=True):
    """Something that was asked for did not happen, and why."""

    message: str


class PlanMade(msgspec.Struct, frozen=True):
    """A dry run has come to its end."""

    planned: tuple[Planned, ...]


class Asks(msgspec.Struct, frozen=True):
    """A person must answer before something runs; reply with Engine.answer."""

    question: Question


class NeedsTerminal(msgspec.Struct, frozen=True):
    """An interactive command wants the terminal; end with interactive_ended."""

    plan: Plan


Told = (
    Happened
    | OutputCame
    | CommandEnded
    | Advanced
    | ActionEnded
    | LookedBack
    | SystemsMet
    | Saved
    | NotSaved
    | Looking
    | Announced
    | Refused
    | Asks
    | PlanMade
    | NeedsTerminal
)
