"""Where one step stands: the values that progress.toml and the screen show.

Values are replaced, never changed, so the screen's thread may read them while
the engine's thread records.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from runbooks.results import Finding, Soaked


class Answer(StrEnum):
    """What a person says of a step."""

    PASS = "pass"
    FAIL = "fail"
    SKIP = "skip"
    NA = "n/a"
    WAIVE = "waive"
    DONE = "done"
    """Done by hand, elsewhere than here, with evidence."""


class Standing(StrEnum):
    """Effective state of a step, strongest first: what counts in the verdict."""

    IN_DOUBT = "in-doubt"
    RUNNING = "running"
    STALE = "stale"
    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NA = "n/a"
    WAIVED = "waived"
    SKIPPED = "skipped"
    PROPOSED = "proposed"
    PENDING = "pending"


class Signed(msgspec.Struct, frozen=True):
    """What a person signed: how all that a step ``covers`` stood then.

    Attributes:
        summary: how many steps stood how.
        digest: sha256 hex of all of it, see `state.rollup.digest`.
        steps: id and standing of each step, in document order.
        seq: sequence number of the last event that was known.
        document: digest of the runbook.
    """

    summary: str
    digest: str
    steps: tuple[tuple[str, str], ...]
    seq: int
    document: str

    def __str__(self) -> str:
        return f"{self.summary}; sha256:{self.digest}"


class Decision(msgspec.Struct, frozen=True):
    """A person's answer.

    Attributes:
        by: the person, ``ana`` or ``root (sudo: ana)``.
        at: ISO 8601 with offset.
        until: date on which a waiver ends, ``YYYY-MM-DD``, or "".
        digest: digest of the step when it was decided: another one is stale.
        proposed: what the machine said when it was decided, or "".
        role: the role in which it was decided, or "".
        outdated: what was confirmed was seen under other circumstances.
        signed: what it stands for, where the step ``covers`` others.
        seq: sequence number of its event.
    """

    answer: Answer
    by: str
    at: str
    note: str = ""
    until: str = ""
    digest: str = ""
    proposed: str = ""
    role: str = ""
    outdated: bool = False
    signed: Signed | None = None
    seq: int = 0

    @property
    def says(self) -> str:
        """The note, and what was signed."""
        return "; ".join(filter(None, (self.note, str(self.signed or ""))))


class Attachment(msgspec.Struct, frozen=True):
    """Evidence attached by a person, see `state.evidence.Evidence`."""

    kind: str
    value: str
    by: str
    at: str
    digest: str = ""


class Command(msgspec.Struct, frozen=True):
    """The last run of a part.

    Attributes:
        id: name of its files under outputs/.
        part: id of the part.
        text: what was run, redacted.
        code: exit code, None while it runs or when its supervisor died.
        ending: "" while it runs, else ``exit``, ``stopped``, ``wall limit``,
            ``silence limit`` or ``in doubt``.
        seconds: duration by the monotonic clock.
        command_class: what it may do, as `CommandClass` says it.
        step: id of the step that it belongs to, or "".
        verify: ids of the steps whose probes see what it did.
        settled: how it is known by now that an interrupted one is all right, or "".
        seq: sequence number of the event of its request.
    """

    id: str
    part: str
    text: str
    by: str
    at: str
    code: int | None = None
    ending: str = ""
    seconds: float = 0.0
    command_class: str = ""
    step: str = ""
    verify: tuple[str, ...] = ()
    settled: str = ""
    seq: int = 0

    @property
    def in_doubt(self) -> bool:
        """Whether nobody knows how it ended."""
        return self.ending == "in doubt" and not self.settled


class StepState(msgspec.Struct, frozen=True):
    """All that is known of one step.

    Attributes:
        text: text of the step when it was last recorded.
        probed_at: ISO 8601 of the finding, or "".
        passed: why it passed, at the last look that passed; "" if none did.
        regressed_at: ISO 8601 of the look since which it fails after it had
            passed; "" while it does not.
        soak: the looks at a step that has to hold for a while.
        earlier: decisions that stand again once the last one is taken back.
        commands: last run of each part that decides this step.
        parts: how many parts have to end with 0 for the step to pass.
        doubts: ids of commands and actions of it that were interrupted.
        outdated: why what was found or confirmed before counts no more, or "".
    """

    text: str = ""
    finding: Finding | None = None
    probed_at: str = ""
    passed: str = ""
    regressed_at: str = ""
    soak: Soaked | None = None
    decision: Decision | None = None
    notes: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    earlier: tuple[Decision, ...] = ()
    commands: tuple[Command, ...] = ()
    parts: int = 0
    doubts: tuple[str, ...] = ()
    outdated: str = ""


EMPTY = StepState()
