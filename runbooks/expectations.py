"""What a step asks of a reading, and the one place that judges it.

A bound is written as a value (``200``: equal to it), a list (``[401, 403]``: one
of them) or a text that begins with an operator: ``"<= 26 h"``, ``"!= 0"``,
``"~ ^ok$"`` (the pattern is found), ``"!~ debug"``, ``"present"``, ``"absent"``.
Instead of a quantity another reading may stand, of the same probe or of one that
the step gave a name: ``"<= 80 % of [usable]"``, ``"== [database.pending] ± 5"``.
A table ``{ pass = …, warn = …, na = … }`` holds several bounds; what meets none
fails, and what meets ``na`` shows that the step does not apply here.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from runbooks.results import Judged, Reading, Result, Value

TIME = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
SIZE = {"B": 1.0, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40}
SHARE = {"%": 1.0}

_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_NEGATED = {"<=": ">", ">=": "<", "<": ">=", ">": "<=", "==": "not", "!=": "is"}
_QUANTITY = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*([A-Za-z%]*)")
_OPERATOR = re.compile(r"(<=|>=|==|!=|!~|<|>|~)\s*(.*)", re.DOTALL)
_OTHER = re.compile(
    r"(?:(\d+(?:\.\d+)?)\s*(%|×|\*)\s*(?:of\s+)?)?\[([^\[\]]+)\]"
    r"(?:\s*(?:±|\+-)\s*(\d+(?:\.\d+)?)\s*(%?))?"
)
_BANDS = ("pass", "warn", "na")
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


def _no_others(name: str) -> Reading | None:
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

    def holds(self, value: Value, others: Readings = _no_others) -> bool:
        """Whether *value*, in the base unit, meets the condition."""
        if self.other:
            return _compares(self.operator, value, self.other, others(self.other.name))
        if self.operator == "absent":
            return value is None
        if value is None:
            return False
        match self.operator:
            case "present":
                return True
            case "in":
                return any(bound.holds(value) for bound in self.operand)
            case "==":
                return _equal(value, self.operand)
            case "!=":
                return not _equal(value, self.operand)
            case "~":
                return bool(self.operand.search(str(value)))
            case "!~":
                return not self.operand.search(str(value))
        if isinstance(value, bool | str):
            return False
        return _ORDERED[self.operator](value, self.operand)


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
        return [bound.other.name for bound in bounds if bound and bound.other]


def parse(spec: object, unit: str = "") -> Expectation:
    """Read an expectation as documents write it.

    Args:
        unit: base unit of the reading it is for.

    Raises:
        ValueError: what is wrong, and what to write.
    """
    if not isinstance(spec, dict):
        return Expectation(_bound(spec, unit))
    unknown = sorted(set(spec) - set(_BANDS))
    if unknown or "pass" not in spec:
        wrong = f"{unknown[0]!r} means nothing here" if unknown else "pass is missing"
        raise ValueError(f"{wrong}; write {{ pass = …, warn = … }}")
    bands = (_bound(spec[band], unit) if band in spec else None for band in _BANDS)
    return Expectation(*cast("tuple[Bound, Bound | None, Bound | None]", tuple(bands)))


def judge(
    reading: Reading, expectation: Expectation, others: Readings = _no_others
) -> Judged:
    """Say what *reading* means for a step that expects this of it.

    Args:
        others: finds the readings that the expectation compares with; without one
            of them nobody can tell.
    """
    if any(others(name) is None for name in expectation.others()):
        result = Result.UNKNOWN
    elif expectation.rules_out and expectation.rules_out.holds(reading.value, others):
        result = Result.NA
    elif expectation.passes.holds(reading.value, others):
        result = Result.PASS
    elif expectation.warns and expectation.warns.holds(reading.value, others):
        result = Result.WARN
    else:
        result = Result.FAIL
    return Judged(reading, str(expectation), result)


def reason(
    judged: Judged, expectation: Expectation, others: Readings = _no_others
) -> str:
    """Say in a few words why, such as ``31 h > 26 h`` or ``503, not 200``.

    "" when a text or a yes is as expected: its value would say nothing in a list.
    """
    reading, bound = judged.reading, expectation.passes
    if judged.result is Result.UNKNOWN:
        missing = [name for name in expectation.others() if others(name) is None]
        return f"nothing was read for {missing[0]}, to compare {reading.name} with"
    if judged.result is not Result.PASS and bound.other and reading.value is not None:
        other = others(bound.other.name)
        said = shown(other) if other else "nothing"
        return f"{reading.name} {shown(reading)}, not {bound} ({said})"
    name = reading.name.removeprefix("header.").removeprefix("json.")
    prefix = "" if reading.unit or name == "status" else f"{name} "
    if bound.operator == "absent" and reading.value is not None:
        return f"{name}: {shown(reading)}"
    if reading.value is None:
        return f"{name} absent"
    if judged.result is Result.PASS:
        telling = bound.operator not in ("~", "!~", "present")
        telling = telling and not isinstance(reading.value, bool)
        return prefix + shown(reading) if telling else ""
    if isinstance(reading.value, bool):
        return f"{name}: {shown(reading)}"
    if bound.operator in _ORDERED:
        return f"{prefix}{_apart(reading, bound)}"
    if bound.operator == "~":
        return f"{name} lacks {bound.text}"
    if bound.operator == "!~":
        return f"{name} has {bound.text}"
    if bound.operator == "!=":
        return f"{prefix}is {shown(reading)}"
    return f"{prefix}{shown(reading)}, not {bound.text}"


def shown(reading: Reading, digits: int = 3) -> str:
    """Return the value in a unit that suits people."""
    value = reading.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "absent"
    if isinstance(value, str):
        line = " ".join(value.split())
        return line if len(line) <= 60 else f"{line[:59]}…"
    for units, base in ((TIME, "s"), (TIME, "d"), (SIZE, "B")):
        if reading.unit == base:
            return _scaled(value * units[base], units, digits)
    return f"{_number(value, digits)} {reading.unit}".strip()


def _scaled(value: float, units: dict[str, float], digits: int) -> str:
    """Pick the largest unit of which there are two or more; days from three."""
    fitting = [
        name
        for name, factor in units.items()
        if abs(value) >= factor * (3 if name == "d" else 2 if factor > 1 else 1)
    ]
    name = fitting[-1] if fitting else next(iter(units))
    return f"{_number(value / units[name], digits)} {name}"


def _number(value: float, digits: int) -> str:
    if isinstance(value, int) or float(value).is_integer():
        return str(int(value))
    whole = len(str(int(abs(value))))
    return f"{value:.{max(digits, whole)}g}"


def _apart(reading: Reading, bound: Bound) -> str:
    """Compare in so many digits that the two sides differ."""
    for digits in range(3, 12):
        value = shown(reading, digits)
        if value != bound.text:
            break
    return f"{value} {_NEGATED[bound.operator]} {bound.text}"


def _equal(value: Value, operand: object) -> bool:
    """Compare without taking True for 1; text and number compare as text."""
    if isinstance(value, bool) or isinstance(operand, bool):
        return value is operand
    if isinstance(value, str) != isinstance(operand, str):
        return str(value) == str(operand)
    return value == operand


def _bound(spec: object, unit: str) -> Bound:
    match spec:
        case list():
            if not spec:
                raise ValueError("an empty list can never be met; name the values")
            bounds = tuple(_bound(item, unit) for item in spec)
            return Bound("in", bounds, " or ".join(str(bound) for bound in bounds))
        case bool():
            return Bound("==", spec, "yes" if spec else "no")
        case int() | float():
            return Bound("==", _quantity(str(spec), unit), str(spec))
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
    if sign in _ORDERED:
        return Bound(sign, _quantity(text, unit), text)
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
    number: str | None, kind: str | None, name: str, off: str | None, share: str | None
) -> Other:
    factor = float(number) / (100 if kind == "%" else 1) if number else 1.0
    if not off:
        return Other(name.strip(), factor)
    if share:
        return Other(name.strip(), factor, share=float(off) / 100)
    return Other(name.strip(), factor, float(off))


def _compares(sign: str, value: Value, wanted: Other, other: Reading | None) -> bool:
    """Compare with another reading; numbers within the tolerance are equal."""
    if other is None or other.value is None or value is None:
        return False
    if isinstance(value, bool | str) or isinstance(other.value, bool | str):
        same = _equal(value, other.value)
        return same if sign == "==" else not same if sign == "!=" else False
    against = other.value * wanted.factor
    near = abs(value - against) <= max(wanted.tolerance, abs(against) * wanted.share)
    if sign in ("==", "!="):
        return near is (sign == "==")
    return _ORDERED[sign](value, against) or (near and "=" in sign)


def _value(text: str, unit: str) -> str | float:
    """A quantity where the reading is one, else the text itself."""
    return _quantity(text, unit) if unit else text


def _quantity(text: str, unit: str) -> float:
    match = _QUANTITY.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is no quantity; write for instance '<= 5 s'")
    number, written = float(match[1]), match[2]
    units = next((units for units in (TIME, SIZE, SHARE) if unit in units), {"": 1.0})
    if not written and (not unit or not number):
        return number
    if written not in units:
        known = ", ".join(name for name in units if name) or "no unit"
        raise ValueError(f"the unit of {text!r} does not fit; write it in {known}")
    return number * units[written] / units.get(unit, 1.0)
