"""How long indices with logs are kept, whoever deletes them."""

from __future__ import annotations

from collections.abc import Mapping

from runbooks.probes.base import Measurement, measured
from runbooks.results import Reading

DAY = 86400
READINGS: Mapping[str, str] = {
    "enabled": "",
    "shortest": "d",
    "longest": "d",
    "unlimited": "",
}
NAMING: frozenset[str] = frozenset({"unlimited"})


def kept(policies: Mapping[str, str | None], ages: Mapping[str, float]) -> Measurement:
    """Return the readings ``enabled``, ``shortest``, ``longest`` and ``unlimited``.

    Args:
        policies: by index, the policy that it has.
        ages: by policy, the age at which it deletes, in seconds; 0 for never.
    """
    unlimited = [name for name, each in policies.items() if not ages.get(each or "")]
    days = [age / DAY for age in ages.values() if age]
    lines = [
        f"policy {name}: deletes at {age / DAY:g} d"
        if age
        else f"policy {name}: never deletes"
        for name, age in ages.items()
    ]
    lines += [f"kept for ever: {name}" for name in unlimited]
    return measured(
        "\n".join(lines),
        Reading("enabled", bool(days)),
        Reading("shortest", min(days, default=None), "d"),
        Reading("longest", None if unlimited else max(days, default=None), "d"),
        Reading("unlimited", ", ".join(unlimited) or None),
    )
