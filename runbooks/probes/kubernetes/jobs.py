"""Probe of how the latest Job of a component ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import (
    ApplicationProbe,
    condition,
    holds,
    listed,
    owned_labels,
)
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.kubernetes.templates import JOBS
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class JobsProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures how the latest Job of each component ended.

    Source: ``status.conditions`` of Jobs. One that is done may be gone by now:
    ``ttlSecondsAfterFinished`` removes it.

    Readings:
        jobs: how many are still there.
        failed: the latest, if it failed.
        unfinished: the latest, while it runs or waits.

    Raises:
        ProbeError: the cluster cannot be asked.
    """

    components: tuple[str, ...] = ("migrations",)

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("jobs", "failed", "unfinished"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"failed", "unfinished"})

    async def measure(self, sources: Sources) -> Measurement:
        latest: dict[str, Object] = {}
        count = 0
        for job in await self.objects(sources, JOBS):
            if component := self.component(owned_labels(job)):
                count += 1
                if component not in latest or _made(latest[component]) < _made(job):
                    latest[component] = job
        jobs = latest.values()
        lines = [
            f"{name_of(each)} of {_made(each)}: {_state(each)}".rstrip(": ")
            for each in jobs
        ]
        absent = [each for each in self.components if each not in latest]
        lines += [f"{each}: no Job is there any more, or yet" for each in absent]
        return measured(
            "\n".join(lines),
            Reading("jobs", count),
            listed("failed", (name_of(each) for each in jobs if holds(each, "Failed"))),
            listed("unfinished", (name_of(each) for each in jobs if _runs(each))),
        )


def _made(job: Object) -> str:
    """Return when a job was made; such times sort as texts."""
    return str(job["metadata"].get("creationTimestamp", ""))


def _runs(job: Object) -> bool:
    return not holds(job, "Failed") and not holds(job, "Complete")


def _state(job: Object) -> str:
    for kind in ("Failed", "Complete"):
        if holds(job, kind):
            said = condition(job, kind)
            details = (kind, said.get("reason"), said.get("message"))
            return " ".join(each for each in details if each)
    return "not done"
