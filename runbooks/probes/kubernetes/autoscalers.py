"""Probe of how many pods autoscalers allow, and whether they work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ApplicationProbe, holds, listed
from runbooks.probes.kubernetes.objects import DEPLOYMENTS
from runbooks.probes.kubernetes.scaling import (
    AUTOSCALERS,
    Autoscaler,
    autoscalers,
    unscaled,
)
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_LISTS = ("missing", "inactive", "unable", "unknown")


class AutoscalersProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures the HorizontalPodAutoscalers of components.

    Source: ``spec``, ``status.conditions`` and ``status.currentMetrics`` of
    HorizontalPodAutoscalers whose target is a Deployment of a component.

    Readings:
        missing: components that nothing scales.
        least, most: the smallest minimum and the smallest maximum; absent without
            an autoscaler.
        inactive: autoscalers that cannot tell how many pods are needed, or that are
            switched off by 0 replicas (ScalingActive is not True).
        unable: autoscalers that cannot change the number (AbleToScale is not True).
        unknown: metrics that an autoscaler goes by and cannot read, such as those of
            pods where no adapter serves them.
        demand: connections to the database that as many pods as are allowed may open,
            `each` of them; Deployments that nothing scales count with their replicas.

    Attributes:
        each: connections that a pod may open: SQLAlchemy's pool of 5, and 10 in
            overflow.

    Raises:
        ProbeError: the cluster cannot be asked, or a component has no Deployment.
    """

    each: int = 15

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (*_LISTS, "least", "most", "demand"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset(_LISTS)

    async def measure(self, sources: Sources) -> Measurement:
        workloads, found = await autoscalers(self, sources)
        missing = unscaled(self, found)
        most = {each.workload.name: each.most for each in found}
        pods = sum(most.get(each.name, each.desired) for each in workloads)
        lines = [str(scaler) for scaler in found]
        lines += [f"{component}: nothing scales it" for component in missing]
        return measured(
            "\n".join([*lines, *await self._astray(sources)]),
            listed("missing", missing),
            Reading("least", min((s.least for s in found), default=None)),
            Reading("most", min((s.most for s in found), default=None)),
            listed("inactive", _without(found, "ScalingActive")),
            listed("unable", _without(found, "AbleToScale")),
            listed("unknown", (f"{s.name}/{m.name}" for s in found for m in s.unknown)),
            Reading("demand", pods * self.each),
        )

    async def _astray(self, sources: Sources) -> list[str]:
        """Say which autoscalers name a Deployment that is not there."""
        there, deployments = await self.lists(sources, AUTOSCALERS, DEPLOYMENTS)
        names = set(map(name_of, deployments))
        targets = ((each, each["spec"]["scaleTargetRef"]) for each in there)
        return [
            f"{name_of(each)} scales Deployment {target['name']}, which is not there"
            for each, target in targets
            if target["kind"] == "Deployment" and target["name"] not in names
        ]


def _without(found: Iterable[Autoscaler], kind: str) -> list[str]:
    """Return the autoscalers of which a condition is not True."""
    return [each.name for each in found if not holds(each.thing, kind)]
