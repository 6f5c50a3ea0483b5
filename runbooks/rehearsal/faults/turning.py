"""What a fault turns: the shipped runbook before it, during it, and afterwards."""

from __future__ import annotations

import asyncio
import re
import ssl
import urllib.request
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from runbooks import parsing
from runbooks.rehearsal import Deployment
from runbooks.rehearsal.faults.settling import refresh, settle
from runbooks.results import Result
from runbooks.runner import Runner
from runbooks.target import parse

SHIPPED = Path(__file__).parents[2] / "documents" / "production-deployment.md"
HISTORY = frozenset(
    {
        *("ops.daily-dashboards", "ops.weekly-error-logs"),
        *("post24h.errors", "post24h.metrics-logs"),
    }
)
"""Steps on a whole day or week: what they say depends on how much there was before a
fault, and for how long it lasts."""
MACHINE = frozenset({"ops.monthly-utilisation"})
"""Steps on how busy the machine is, which are left out altogether."""
_LOOKS = 3
"""At what warns: slow, or waited for, it may have been for a moment only."""
_A_PASS = 45
"""Requests that one pass sends to the API, at most; it refuses from the 101st a
minute on."""
_COUNTED = re.compile(r"(?m)^http_requests_total\{.*\} (\d+)$")

Standing = Mapping[str, Result]


def warm_up(deployment: Deployment) -> None:
    """Let there be figures of everything that is counted over a time."""
    refresh(deployment)
    settle(deployment)


def rest(deployment: Deployment) -> None:
    """Let a healthy API forget how often it was asked, before that is too often."""
    context = ssl.create_default_context(cafile=deployment.layout.path("tls", "ca.pem"))
    address = f"{deployment.url('api')}/metrics"
    with urllib.request.urlopen(address, context=context, timeout=5) as answer:
        asked = sum(map(int, _COUNTED.findall(answer.read().decode())))
    if asked > 100 - _A_PASS:
        refresh(deployment)
        settle(deployment)


def standing(
    deployment: Deployment,
    ids: Collection[str] = (),
    known: Standing = MappingProxyType({}),
) -> Standing:
    """Return the results of all steps but those of `MACHINE`, or of *ids* alone.

    Args:
        known: results that need no second look.
    """
    profile = parse(deployment.profile.read_bytes(), deployment.profile)
    asked = [s for s in parsing.read(SHIPPED).steps if not ids or s.id in ids]
    steps = [step for step in asked if step.id not in MACHINE]

    async def look() -> Standing:
        results: dict[str, Result] = {}
        again = steps
        for _ in range(_LOOKS):
            # A new one each time: its ration would be used up, that of the API is not.
            found = Runner(profile).probe_all(again)
            results |= {id: finding.result async for id, finding in found}
            again = [
                step
                for step in again
                if results[step.id] is Result.WARN is not known.get(step.id)
            ]
        return results

    return asyncio.run(look())


def turned(before: Standing, after: Standing) -> Standing:
    """Return what *after* says of those steps of it that *before* says else of.

    Those of `HISTORY` are left out.
    """
    return {
        id: result
        for id, result in after.items()
        if result is not before[id] and id not in HISTORY
    }
