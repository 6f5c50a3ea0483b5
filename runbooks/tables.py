"""What a document may declare: the tables of its annotations, and their words.

Everything here is a value: decoding makes it, nothing changes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

import msgspec

from runbooks.durations import seconds


class Severity(StrEnum):
    """How much a step weighs in the verdict."""

    BLOCKER = "blocker"
    MAJOR = "major"
    MINOR = "minor"


class Gate(StrEnum):
    """When a step counts: at launch, 24 hours, 1 week, 1 month later, recurring."""

    GO = "go"
    D1 = "d1"
    W1 = "w1"
    M1 = "m1"
    OPS = "ops"


class Level(StrEnum):
    """Who decides: a probe, a person on a probe's proposal, a person."""

    AUTO = "auto"
    ASSIST = "assist"
    ATTEST = "attest"


class CommandClass(StrEnum):
    """What a part or action may do, mildest first."""

    OBSERVE = "observe"
    MUTATE = "mutate"
    DESTRUCTIVE = "destructive"


class Declared(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Base of the tables that a document may declare: decoded strictly."""


class ProbeSpec(
    msgspec.Struct, frozen=True, rename={"called": "as"}, omit_defaults=True
):
    """One probe of a step.

    Attributes:
        use: name of the probe (``http``, ``postgres.version``, …).
        expect: reading name to bound, see runbooks/expectations.py.
        parameters: everything else the table holds; the probe checks the keys.
        called: what the bounds of the step call it, as in ``== [NAME.READING]``;
            written ``as``.
        when: facts of the profile that must match, else it is left out.
    """

    use: str
    expect: Mapping[str, Any] = {}
    parameters: Mapping[str, Any] = {}
    called: str = ""
    when: Mapping[str, str | bool | int | list[str]] = {}


class Soak(Declared, frozen=True, rename={"span": "for"}):
    """A gate that wants a probe to hold for a while.

    Raises:
        ValueError: one look would do, or every look may fail.
    """

    span: str
    every: str = "30s"
    failures: int = 0

    def __post_init__(self) -> None:
        span, every = seconds(self.span), seconds(self.every)
        if not 0 < every <= span:
            raise ValueError(
                f"looking every {self.every} for {self.span} is one look; write a "
                "shorter every, or a longer for"
            )
        if not 0 <= self.failures <= span / every:
            raise ValueError(
                f"failures = {self.failures} of {span / every + 1:.0f} looks asserts "
                "nothing; write how many may fail"
            )


class StepOptions(Declared, frozen=True):
    """A ``toml step`` table. Durations are strings such as ``"24h"`` or ``"90d"``."""

    id: str | None = None
    severity: Severity | None = None
    gate: Gate | None = None
    owner: str | None = None
    level: Level | None = None
    note: Literal["optional", "required"] | None = None
    when: Mapping[str, str | bool | int | list[str]] = {}
    needs: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    probe: ProbeSpec | None = None
    probes: tuple[ProbeSpec, ...] = ()
    soak: Soak | None = None
    fresh: str | None = None
    repeat: str | None = None
    hint: str | None = None
    fix: tuple[str, ...] = ()
    choose: tuple[str, ...] = ()
    use: Literal["command"] | None = None


class Role(Declared, frozen=True):
    """Who is asked in the poll.

    Attributes:
        sections: titles or ids of the sections that the role answers for.
    """

    name: str
    sections: tuple[str, ...] = ()
    may_waive_blockers: bool = False


class RunbookOptions(Declared, frozen=True):
    """The ``toml runbook`` table."""

    id: str | None = None
    target: str | None = None
    roles: tuple[Role, ...] = ()
    gates: tuple[Gate, ...] = ()
    vars: Mapping[str, str] = {}
    guides: Mapping[str, str] = {}


class BlockOptions(Declared, frozen=True, rename={"class_": "class"}):
    """Runme's annotation of a shell fence, in gonogo's words.

    Attributes:
        timeout: declared wall limit, such as ``"120s"``; the only thing that
            ends a command that a person started.
        silence: declared limit without output, such as ``"30s"``.
    """

    name: str | None = None
    class_: CommandClass | None = None
    undo: str | None = None
    timeout: str | None = None
    silence: str | None = None
    interactive: bool | None = None
    tty: bool | None = None
    cwd: str | None = None


class ActionSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    """A ``toml action`` table.

    Attributes:
        verify: ids of the steps that are probed afterwards.
        when: facts of the profile that must match, else it is not offered.
    """

    use: str
    parameters: Mapping[str, Any] = {}
    undo: str | None = None
    verify: tuple[str, ...] = ()
    when: Mapping[str, str | bool | int | list[str]] = {}


NOTHING_DECLARED = StepOptions()
