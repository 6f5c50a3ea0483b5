"""What the engine tells its face: frozen values, each already written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runbooks.events import Event

if TYPE_CHECKING:
    from runbooks.commands import Ending, Plan

    from runbooks.asking import Question


@dataclass(frozen=True, slots=True)
class Happened:
    """An event, durable and already part of the run's progress."""

    event: Event


@dataclass(frozen=True, slots=True)
class OutputCame:
    """Redacted bytes of a command, and how many were skipped to keep up."""

    command: str
    data: bytes
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class CommandEnded:
    """A command of this run has ended."""

    command: str
    ending: Ending


@dataclass(frozen=True, slots=True)
class Saved:
    """progress.toml holds everything up to event *seq*."""

    seq: int


@dataclass(frozen=True, slots=True)
class NotSaved:
    """Something could not be written; the reason, and what to do."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that was asked for did not happen, and why."""

    message: str


@dataclass(frozen=True, slots=True)
class Asks:
    """A person must answer before something runs; reply with Engine.answer."""

    question: Question


@dataclass(frozen=True, slots=True)
class NeedsTerminal:
    """An interactive command wants the terminal; end with interactive_ended."""

    plan: Plan


Told = (
    Happened
    | OutputCame
    | CommandEnded
    | Saved
    | NotSaved
    | Refused
    | Asks
    | NeedsTerminal
)
