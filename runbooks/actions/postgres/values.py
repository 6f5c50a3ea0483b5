"""Values of settings as files write them, held against those in force."""

from __future__ import annotations

import re

from runbooks.probes.postgres.connection import Row
from runbooks.probes.postgres.settings import SCALES, UNIT

_NUMBER = re.compile(r"([-+]?(?:0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE]-?\d+)?))\s*(\w*)")
_WORDS = {
    **dict.fromkeys(("on", "true", "yes", "1"), "on"),
    **dict.fromkeys(("off", "false", "no", "0"), "off"),
}


_FOLDED = ("DateStyle", "TimeZone", "log_timezone", "client_encoding")
"""Texts that the server writes in its own case."""


def canonical(row: Row, text: str) -> str | None:
    """Return a value as ``pg_settings.setting`` has it, None where it cannot be one.

    Source: https://www.postgresql.org/docs/16/config-setting.html: numbers may have
    a unit, switches may be shortened, words have no case.

    Args:
        row: of ``pg_settings``, with name, vartype and unit.
    """
    text = text.strip()
    match row["vartype"]:
        case "bool":
            fits = {
                v
                for word, v in _WORDS.items()
                if text and word.startswith(text.lower())
            }
            return fits.pop() if len(fits) == 1 else None
        case "integer" | "real":
            return _number(row, text)
    return text.lower() if row["name"] in _FOLDED or row["vartype"] == "enum" else text


def _number(row: Row, text: str) -> str | None:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    digits, unit = match.groups()
    number = float(int(digits, 16)) if "x" in digits.lower() else float(digits)
    if unit:
        base = UNIT.fullmatch(row["unit"])
        if base is None or unit not in SCALES or base[2] not in SCALES:
            return None
        number *= SCALES[unit] / (int(base[1] or 1) * SCALES[base[2]])
    if row["vartype"] == "integer":
        return str(round(number))
    return f"{number:.12g}"
