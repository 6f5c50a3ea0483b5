"""One condition on a reading, as documents write it.

A bound is written as a value (``200``: equal to it), a list (``[401, 403]``: one
of them) or a text that begins with an operator: ``"<= 26 h"``, ``"!= 0"``,
``"~ ^ok$"`` (the pattern is found), ``"!~ debug"``, ``"present"``, ``"absent"``.
Instead of a quantity another reading may stand, of the same probe or of one that
the step gave a name: ``"<= 80 % of [usable]"``, ``"== [database.pending] ± 5"``,
``"… ± 5 or 10 %"`` (whichever is more).
A table ``{ pass = …, warn = …, na = … }`` holds several bounds; what meets none
fails, and what meets ``na`` shows that the step does not apply here.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runbooks.quantities import quantity
from runbooks.results import Reading, Value

ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_OPERATOR = re.compile(r"(<=|>=|==|!=|!~|<|>|~)\s*(.*)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_OTHER = re.compile(
    r"(?:(\d+(?:\.\d+)?)\s*(%|×|\*)\s*(?:of\s+)?)?\[([^\[\]]+)\]"
    r"(?:\s*(?:±|\+-)\s*(\d+(?:\.\d+)?)\s*(%?)(?:\s*or\s+(\d+(?:\.\d+)?)\s*%)?)?"
)
Readings = Callable[[str], Reading | None]
"""Finds another reading by the name that stands in a bound."""


@dataclass(frozen=True, slots=True)
class Other:
    """Another reading that a bound compares with.

    Attributes:
        factor: what its value is multiplied with.
        tolerance: how far from it still counts as equal, in its unit.
        share: the same as a share of it, 0.1 for 10 %.
    """

    name: str
    factor: float = 1.0
    tolerance: float = 0.0
    share: float = 0.0


def no_others(name: str) -> Reading | None:
    """Know no other reading."""
    return None


@dataclass(frozen=True, slots=True)
class Bound:
    """One condition.

    Attributes:
        operator: as written; ``in`` for a list, ``==`` for a plain value.
        operand: in the reading's base unit where it is a quantity.
        text: the operand as written, for the operator to read.
    """

    operator: str
    operand: Any
    text: str

    def __str__(self) -> str:
        plain = self.operator in ("==", "in", "present", "absent")
        return self.text if plain else f"{self.operator} {self.text}"

    @property
    def other(self) -> Other | None:
        """The reading it compares with, if it compares with one."""
        return self.operand if isinstance(self.operand, Other) else None

    def holds(self, value: Value, others: Readings = no_others) -> bool:
        """Whether *value*, in the base unit, meets the condition."""
        if self.other:
            return _compares(self.operator, value, self.other, others(self.other.name))
        if self.operator == "absent":
            return value is None
        if self.operator == "in":
            return any(bound.holds(value, others) for bound in self.operand)
        if value is None:
            return False
        match self.operator:
            case "present":
                # A thing that is looked for and is not there may read as a no.
                return value is not False
            case "==":
                return _equal(value, self.operand)
            case "!=":
                return not _equal(value, self.operand)
            case "~":
                return bool(self.operand.search(str(value)))
            case "!~":
                return not self.operand.search(str(value))
        measured = number(value)
        return measured is not None and ORDERED[self.operator](measured, self.operand)


def within(one: Bound, other: Bound) -> bool:
    """Whether all that meets *one* is known to meet *other*, too."""
    if one == other:
        return True
    if one.operator[:1] != other.operator[:1] or not (
        one.operator in ORDERED and other.operator in ORDERED
    ):
        return False
    if one.other or other.other:
        return False
    if one.operand == other.operand:
        return "=" in other.operator
    return bool(ORDERED[other.operator](one.operand, other.operand))


def number(value: Value) -> float | None:
    """Return what *value* measures, None if that is no number.

    PostgreSQL's SHOW and environments tell numbers as text.
    """
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else None
    return None if isinstance(value, bool) else value


def bound(spec: object, unit: str) -> Bound:
    """Read one bound as documents write it.

    Args:
        unit: base unit of the reading it is for.

    Raises:
        ValueError: what is wrong, and what to write.
    """
    match spec:
        case list():
            if not spec:
                raise ValueError("an empty list can never be met; name the values")
            bounds = tuple(bound(item, unit) for item in spec)
            return Bound("in", bounds, " or ".join(map(str, bounds)))
        case bool():
            return Bound("==", spec, "yes" if spec else "no")
        case int() | float():
            return Bound("==", quantity(str(spec), unit), str(spec))
        case "present" | "absent":
            return Bound(spec, None, spec)
        case str():
            match = _OPERATOR.fullmatch(spec.strip())
            if not match:
                return Bound("==", _value(spec, unit), spec)
            return _compared(match[1], match[2].strip(), unit)
    raise ValueError(f"{spec!r} cannot be compared; write a value, a list or a text")


def _compared(sign: str, text: str, unit: str) -> Bound:
    if not text:
        raise ValueError(f"nothing follows {sign}; write for instance '{sign} 5'")
    if sign in ("~", "!~"):
        return Bound(sign, _pattern(text), text)
    if match := _OTHER.fullmatch(text):
        return Bound(sign, _other(*match.groups()), text)
    if sign in ORDERED:
        return Bound(sign, quantity(text, unit), text)
    return Bound(sign, _value(text, unit), text)


def _pattern(text: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    if pattern.search(""):
        raise ValueError(
            f"{text!r} is found in every text, so it asserts nothing; narrow it"
        )
    return pattern


def _other(
    number: str | None,
    kind: str | None,
    name: str,
    off: str | None,
    percent: str | None,
    share: str | None,
) -> Other:
    factor = float(number) / (100 if kind == "%" else 1) if number else 1.0
    if percent:
        off, share = None, off
    return Other(name.strip(), factor, float(off or 0), float(share or 0) / 100)


def _compares(sign: str, value: Value, wanted: Other, other: Reading | None) -> bool:
    """Compare with another reading; numbers within the tolerance are equal."""
    if other is None or other.value is None or value is None:
        return False
    measured, there = number(value), number(other.value)
    if measured is None or there is None:
        same = _equal(value, other.value)
        return same if sign == "==" else not same if sign == "!=" else False
    against = there * wanted.factor
    near = abs(measured - against) <= max(wanted.tolerance, abs(against) * wanted.share)
    if sign in ("==", "!="):
        return near is (sign == "==")
    return ORDERED[sign](measured, against) or (near and "=" in sign)


def _equal(value: Value, operand: object) -> bool:
    """Compare without taking True for 1; text and number compare as text."""
    if isinstance(value, bool) or isinstance(operand, bool):
        return value is operand
    if isinstance(value, str) != isinstance(operand, str):
        return str(value) == str(operand)
    return value == operand


def _value(text: str, unit: str) -> str | float:
    """A quantity where the reading is one, else the text itself."""
    return quantity(text, unit) if unit else text
