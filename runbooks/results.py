"""What a machine says of a step: readings, results, findings."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

Value = str | int | float | bool | None


class Result(StrEnum):
    """One answer of a machine.

    UNKNOWN is not a weak FAIL: it says that nobody could look, so the remedy is
    to fix the looking, not the thing looked at.
    """

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NA = "n/a"


def worst(results: Iterable[Result]) -> Result:
    """Return what *results* say together: one fail decides, then unknown, then warn.

    Nothing measured is UNKNOWN, so an empty list can never pass a step.
    """
    said = set(results)
    for result in (Result.FAIL, Result.UNKNOWN, Result.WARN, Result.PASS, Result.NA):
        if result in said:
            return result
    return Result.UNKNOWN


class Reading(msgspec.Struct, frozen=True):
    """One measured value.

    Attributes:
        unit: base unit (``s``, ``B``, ``%``, ``d`` for days left) or "".
    """

    name: str
    value: Value
    unit: str = ""


class Judged(msgspec.Struct, frozen=True):
    """A reading with what was expected of it and the answer.

    Attributes:
        source: what exactly was looked at.
        seconds: how long looking for it took.
    """

    reading: Reading
    expected: str
    result: Result
    source: str = ""
    seconds: float = 0.0


class Finding(msgspec.Struct, frozen=True):
    """What a machine says of one step.

    Attributes:
        reason: a few words for the list, such as ``31 h > 26 h``.
        evidence: what was seen, redacted plain text, possibly several lines.
        seconds: how long looking took.
        source: what was looked at (``http api.example.com``), for failures that
            several steps share.
        stage: of an unknown, the stage of the look that failed: ``name``, ``tcp``,
            ``tls``, ``login``, ``query``, ``timeout``, ``configuration``, …
        agreed: a person agreed to what this look did beyond reading.
    """

    result: Result
    reason: str
    judged: tuple[Judged, ...] = ()
    evidence: str = ""
    seconds: float = 0.0
    source: str = ""
    stage: str = ""
    agreed: bool = False


class Soaked(msgspec.Struct, frozen=True):
    """How far looking at a step that has to hold for a while has come.

    Attributes:
        began: ISO 8601 of the first look.
        due: ISO 8601 by when another look is late; "" once it is over.
        span, every: how long it has to hold and how often it is looked at, in
            seconds.
        looks, failed: how many there were, and in how many of them it did not hold.
        allowed: how many of them may fail.
        trend: the newest values of one reading, oldest first: of the first that
            has a unit, else of the first that is a number.
        reading, unit: which one that is, and what it is measured in.
    """

    began: str
    due: str
    span: float
    every: float
    looks: int = 0
    failed: int = 0
    allowed: int = 0
    trend: tuple[float, ...] = ()
    reading: str = ""
    unit: str = ""

    @property
    def planned(self) -> int:
        """How many looks it takes when none is too many."""
        return round(self.span / self.every) + 1
