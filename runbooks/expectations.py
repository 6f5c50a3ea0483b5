"""What a step asks of a reading, and the one place that judges it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from runbooks.bounds import (
    ORDERED,
    Bound,
    Readings,
    bound,
    no_others,
    number,
    within,
)
from runbooks.quantities import SHARE, SIZE, shown
from runbooks.results import Judged, Reading, Result

_NEGATED = {"<=": ">", ">=": "<", "<": ">=", ">": "<=", "==": "not", "!=": "is"}
_BANDS = ("pass", "warn", "na")


@dataclass(frozen=True, slots=True)
class Expectation:
    """Bounds of one reading: pass, else n/a or warn if there is one, else fail."""

    passes: Bound
    warns: Bound | None = None
    rules_out: Bound | None = None

    def __str__(self) -> str:
        warns = f", warn {self.warns}" if self.warns else ""
        return f"{self.passes}{warns}" + (
            f", n/a {self.rules_out}" if self.rules_out else ""
        )

    def others(self) -> list[str]:
        """Return the names of the readings that it compares with."""
        bounds = (self.passes, self.warns, self.rules_out)
        return [each.other.name for each in bounds if each and each.other]


def parse(spec: object, unit: str = "") -> Expectation:
    """Read an expectation as documents write it.

    Args:
        unit: base unit of the reading it is for.

    Raises:
        ValueError: what is wrong, and what to write.
    """
    if not isinstance(spec, dict):
        return Expectation(_telling(bound(spec, unit), unit))
    unknown = sorted(set(spec) - set(_BANDS))
    if unknown or "pass" not in spec:
        wrong = f"{unknown[0]!r} means nothing here" if unknown else "pass is missing"
        raise ValueError(f"{wrong}; write {{ pass = …, warn = … }}")
    bands = [bound(spec[band], unit) if band in spec else None for band in _BANDS]
    found = Expectation(*cast("tuple[Bound, Bound | None, Bound | None]", tuple(bands)))
    _telling(found.passes, unit)
    if found.warns and within(found.warns, found.passes):
        raise ValueError(
            f"what warns at '{found.warns}' passes already; write a wider one"
        )
    return found


def _telling(passes: Bound, unit: str) -> Bound:
    """Return *passes*, unless every size and share meets it.

    Raises:
        ValueError: it asserts nothing.
    """
    least = passes.operator == ">=" and passes.operand == 0
    if least and (unit in SIZE or unit in SHARE):
        said = f"nothing is below {passes.text}, so '{passes}' asserts nothing"
        raise ValueError(f"{said}; write a higher one")
    return passes


def judge(
    reading: Reading, expectation: Expectation, others: Readings = no_others
) -> Judged:
    """Say what *reading* means for a step that expects this of it.

    Args:
        others: finds the readings that the expectation compares with; without one
            of them nobody can tell.
    """
    if expectation.rules_out and expectation.rules_out.holds(reading.value, others):
        result = Result.NA
    elif any(others(name) is None for name in expectation.others()):
        result = Result.UNKNOWN
    elif expectation.passes.holds(reading.value, others):
        result = Result.PASS
    elif expectation.warns and expectation.warns.holds(reading.value, others):
        result = Result.WARN
    else:
        result = Result.FAIL
    return Judged(reading, str(expectation), result)


def reason(
    judged: Judged, expectation: Expectation, others: Readings = no_others
) -> str:
    """Say in a few words why, such as ``31 h > 26 h`` or ``503, not 200``.

    "" when a text, a yes or an absence is as expected: it would say nothing in a list.
    """
    reading, asked = judged.reading, expectation.passes
    if judged.result is Result.UNKNOWN:
        missing = [name for name in expectation.others() if others(name) is None]
        return f"nothing was read for {missing[0]}, to compare {reading.name} with"
    if judged.result is not Result.PASS and asked.other and reading.value is not None:
        other = others(asked.other.name)
        said = shown(other) if other else "nothing"
        return f"{reading.name} {shown(reading)}, not {asked} ({said})"
    name = reading.name.removeprefix("header.").removeprefix("json.")
    prefix = "" if reading.unit or name == "status" else f"{name} "
    if asked.operator == "absent" and reading.value is not None:
        return f"{name}: {shown(reading)}"
    if reading.value is None:
        return "" if judged.result is Result.PASS else f"{name} absent"
    if judged.result is Result.PASS:
        telling = asked.operator not in ("~", "!~", "present")
        telling = telling and not isinstance(reading.value, bool)
        return prefix + shown(reading) if telling else ""
    if isinstance(reading.value, bool):
        return f"{name}: {shown(reading)}"
    if asked.operator in ORDERED and number(reading.value) is None:
        return f"{prefix}{shown(reading)} is no number"
    if asked.operator in ORDERED:
        return f"{prefix}{_apart(reading, asked)}"
    if asked.operator == "~":
        return f"{name} lacks {asked.text}"
    if asked.operator == "!~":
        return f"{name} has {asked.text}"
    if asked.operator == "!=":
        return f"{prefix}is {shown(reading)}"
    return f"{prefix}{shown(reading)}, not {asked.text}"


def _apart(reading: Reading, asked: Bound) -> str:
    """Compare in so many digits that the two sides differ."""
    for digits in range(3, 12):
        value = shown(reading, digits)
        if value != asked.text:
            break
    return f"{value} {_NEGATED[asked.operator]} {asked.text}"
