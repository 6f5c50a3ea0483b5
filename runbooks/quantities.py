"""Quantities with units: how documents write them and people read them."""

from __future__ import annotations

import re
from math import inf, isinf, isnan

from runbooks.results import Reading

TIME = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
SIZE = {"B": 1.0, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40}
SHARE = {"%": 1.0}
_EXACT = 2.0**53
"""From here on a number is not told to the last digit."""
_QUANTITY = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*([A-Za-z%]*)")


def quantity(text: str, unit: str) -> float:
    """Read a quantity such as ``26 h`` as a number in the base *unit*.

    Raises:
        ValueError: it is none, or its unit does not fit.
    """
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
    try:
        value = float(value) if abs(value) > _EXACT else value
    except OverflowError:  # a number of hundreds of digits
        value = inf if value > 0 else -inf
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
    if isnan(value):
        return "not a number"
    if isinf(value):
        return "infinite" if value > 0 else "-infinite"
    if abs(value) > _EXACT:
        return f"{value:.{digits}g}"
    if isinstance(value, int) or float(value).is_integer():
        return str(int(value))
    whole = len(str(int(abs(value))))
    return f"{value:.{max(digits, whole)}g}"
