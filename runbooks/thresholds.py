"""Bounds of the profile that stand for those of the runbook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from runbooks.tables import ProbeSpec


def replaceable(probes: Iterable[ProbeSpec]) -> dict[str, ProbeSpec]:
    """Return what ``[thresholds."STEP ID"]`` may name, and a probe that asks for it.

    A reading by its name, which is meant wherever the step asks for it, or by that of
    its probe too, ``NAME.READING``, where the step gives the probe one (``as``).
    """
    named: dict[str, ProbeSpec] = {}
    for spec in probes:
        for reading in spec.expect:
            named[reading] = spec
            if spec.called:
                named[f"{spec.called}.{reading}"] = spec
    return named


def bounds(spec: ProbeSpec, thresholds: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is expected of each reading of a probe; the narrower name wins."""
    return {
        reading: thresholds.get(
            f"{spec.called}.{reading}", thresholds.get(reading, expected)
        )
        for reading, expected in spec.expect.items()
    }
