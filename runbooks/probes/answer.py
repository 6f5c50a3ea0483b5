"""What an HTTP response says, as readings that are made when asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from runbooks.probes.base import Measurement
from runbooks.results import Reading

_PLAIN = ("answers", "status", "location", "body", "repeated")
UNITS = {**dict.fromkeys(_PLAIN, ""), "latency": "s", "size": "B"}
_AGES = (".max-age", ".s-maxage")


def unit(reading: str) -> str | None:
    """Return the base unit of a reading, None if a response has no such one."""
    kind, _, rest = reading.partition(".")
    if kind in ("header", "json"):
        return None if not rest else "s" if reading.endswith(_AGES) else ""
    return UNITS.get(reading)


@dataclass(frozen=True, slots=True)
class Answer(Measurement):
    """A response whose headers and JSON values become readings when asked for."""

    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def reading(self, name: str) -> Reading | None:
        kind, _, rest = name.partition(".")
        if kind == "header":
            return self._header(name, rest.lower())
        if kind == "json":
            return self._json(name, rest)
        return self.readings.get(name)

    def _header(self, name: str, header: str) -> Reading:
        """A header, or with a dot one of its directives (``cache-control.max-age``)."""
        header, _, directive = header.partition(".")
        value = self.headers.get(header)
        if value is None or not directive:
            return Reading(name, value)
        for item in re.split(r"[;,]", value):
            key, _, said = item.strip().partition("=")
            if key.lower() == directive:
                said = said.strip(' "')
                unit = "s" if name.endswith(_AGES) else ""
                return Reading(name, int(said) if said.isdecimal() else said, unit)
        return Reading(name, None)

    def _json(self, name: str, path: str) -> Reading | None:
        """A value of the body by keys and indexes, None when the body is no JSON.

        ``length`` after a list is how many items it has.
        """
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        for key in path.split("."):
            if isinstance(value, dict):
                value = value.get(key)
            elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
                value = value[int(key)]
            elif isinstance(value, list) and key == "length":
                value = len(value)
            else:
                value = None
        if isinstance(value, dict | list):
            return Reading(name, json.dumps(value))
        return Reading(name, value)
