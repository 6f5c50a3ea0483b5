"""Resource quantities and times as the API writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_QUANTITY = re.compile(
    r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))"
    r"(?:([eE][+-]?[0-9]+)|([numkMGTPE]|[KMGTPE]i)?)"
)
_FACTORS = {
    **dict(zip(("n", "u", "m"), (1e-9, 1e-6, 1e-3), strict=True)),
    **{name: 1000.0 ** (n + 1) for n, name in enumerate("kMGTPE")},
    **{f"{name}i": 1024.0 ** (n + 1) for n, name in enumerate("KMGTPE")},
}


def amount(quantity: object) -> float:
    """Return a quantity such as ``500m`` or ``4Gi`` as a number: CPUs, bytes, pieces.

    See the API's reference, "Quantity".

    Raises:
        ValueError: it is none.
    """
    match = _QUANTITY.fullmatch(str(quantity))
    if not match:
        raise ValueError(f"{quantity!r} is no quantity")
    number, exponent, suffix = match.groups()
    return float(number + (exponent or "")) * _FACTORS.get(suffix or "", 1.0)


def moment(time: str) -> datetime:
    """Return a time such as ``2026-06-05T10:00:00Z``."""
    return datetime.fromisoformat(time).astimezone(UTC)


def age(time: str) -> float:
    """Return the seconds since a time; negative while it is to come."""
    return (datetime.now(UTC) - moment(time)).total_seconds()
