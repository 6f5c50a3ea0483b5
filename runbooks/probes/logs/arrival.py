"""How long ago the newest line of each service arrived in a store of logs."""

from __future__ import annotations

import time
from collections.abc import Mapping

from runbooks.probes.base import Measurement, measured
from runbooks.quantities import shown
from runbooks.results import Reading

READINGS: Mapping[str, str] = {"answers": "", "found": "", "missing": "", "age": "s"}
NAMING: frozenset[str] = frozenset({"missing"})


def arrived(newest: Mapping[str, float | None]) -> Measurement:
    """Return the readings ``answers``, ``found``, ``missing`` and ``age``.

    Args:
        newest: when the newest line of each service was written, in seconds since
            1970; None without one.
    """
    now = time.time()
    ages = {name: now - at for name, at in newest.items() if at is not None}
    missing = [name for name, at in newest.items() if at is None]
    said = [
        f"{name}: newest line {shown(Reading('age', max(0.0, age), 's'))} ago"
        for name, age in ages.items()
    ]
    oldest = max(ages.values(), default=None)
    return measured(
        "\n".join([*said, *(f"{name}: no line" for name in missing)]),
        Reading("answers", True),
        Reading("found", len(ages)),
        Reading("missing", ", ".join(missing) or None),
        Reading("age", None if oldest is None else max(0.0, oldest), "s"),
    )
