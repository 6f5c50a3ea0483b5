"""What a dry run says of each step, command and action: plain values."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

import msgspec

from runbooks.results import Result
from runbooks.tables import CommandClass


class Says(StrEnum):
    """One of the four things that are said."""

    RUN = "would run"
    SKIP = "would be skipped"
    LOOKED = "was run"
    UNKNOWN = "cannot be predicted"


class Known(msgspec.Struct, frozen=True):
    """What a placeholder or variable of a command stands for.

    Attributes:
        name: the environment variable that holds it.
        origin: who says so, such as ``the profile``.
        text: the placeholder as written, "" for a variable.
    """

    name: str
    value: str
    origin: str
    text: str = ""


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """One step, command or action, and what would become of it.

    Attributes:
        id: of the step or part; of the step for an action.
        title: the step's text, the command's title, what the action would do.
        line: 1-based.
        why: why it would run as it does, would not, or cannot be predicted; what a
            look found.
        commands: the exact command, or the calls of the action in their order.
        command_class, inferred, reason: of what would run.
        known: what fills the placeholders and variables of the command.
        result: what looking said.
        evidence: what was seen or printed, redacted.
        details: more of what an action says of itself, a name and a text each.
    """

    kind: Literal["step", "part", "action"]
    id: str
    section: str
    title: str
    line: int
    says: Says
    why: str
    commands: tuple[str, ...] = ()
    command_class: CommandClass = CommandClass.OBSERVE
    inferred: bool = False
    reason: str = ""
    known: tuple[Known, ...] = ()
    result: Result | None = None
    evidence: str = ""
    details: tuple[tuple[str, str], ...] = ()


class Coverage(msgspec.Struct, frozen=True):
    """How much of a runbook a dry run could say something of."""

    run: int
    skipped: int
    looked: int
    unknown: int

    @classmethod
    def of(cls, planned: Iterable[Planned]) -> Coverage:
        said = [each.says for each in planned]
        return cls(*(said.count(each) for each in Says))

    @property
    def predicted(self) -> int:
        return self.run + self.skipped + self.looked

    @property
    def total(self) -> int:
        return self.predicted + self.unknown

    def __str__(self) -> str:
        share = f" ({100 * self.predicted // self.total} %)" if self.total else ""
        return (
            f"{self.predicted} of {self.total} predicted{share}: {self.looked} only "
            f"read and were run, {self.run} would run, {self.skipped} would be "
            f"skipped; {self.unknown} cannot be predicted"
        )
