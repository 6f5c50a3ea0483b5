"""Asking one probe of HTTP, for tests."""

from __future__ import annotations

from typing import Any

from runbooks.probes import build, probe_class
from runbooks.probes.base import Measurement
from runbooks.probes.sources import Sources


async def look(name: str, **parameters: Any) -> Measurement:
    probe = build(probe_class(name), parameters)
    async with Sources() as sources:
        return await probe.look(sources)


def told(seen: Measurement) -> dict[str, object]:
    """Return all readings that are not absent."""
    said = {name: each.value for name, each in seen.readings.items()}
    return {name: value for name, value in said.items() if value is not None}
