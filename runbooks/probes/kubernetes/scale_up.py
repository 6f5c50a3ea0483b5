"""Probe of when autoscalers add pods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ApplicationProbe, listed
from runbooks.probes.kubernetes.quantities import amount
from runbooks.probes.kubernetes.resources import (
    Resources,
    container,
    defaults,
    requested,
)
from runbooks.probes.kubernetes.scaling import (
    RESOURCES,
    Autoscaler,
    Metric,
    autoscalers,
    unscaled,
)
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_LISTS = ("missing", "other", "unknown", "blind", "forbidden")
_SHARES = ("cpu_least", "cpu_most", "memory_most")


class ScaleUpProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures what makes the autoscalers of components add pods.

    Source: ``spec.metrics``, ``spec.behavior`` and ``status.currentMetrics`` of
    HorizontalPodAutoscalers. That the controller has read a metric says more than
    that somebody else can.

    Readings:
        missing: components that nothing scales.
        cpu_least, cpu_most: the lowest and the highest use of CPU above which pods are
            added, as a share of what is requested; absent where none goes by that.
        memory_most: the highest such use of memory.
        other: metrics besides CPU and memory.
        unknown: metrics that the controller cannot read.
        blind: autoscalers that cannot read any of theirs.
        forbidden: autoscalers that may not add pods at all.

    Raises:
        ProbeError: the cluster cannot be asked, or a component has no Deployment.
    """

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(_LISTS, ""),
        **dict.fromkeys(_SHARES, "%"),
    }
    naming: ClassVar[frozenset[str]] = frozenset(_LISTS)

    async def measure(self, sources: Sources) -> Measurement:
        _, found = await autoscalers(self, sources)
        filled = await defaults(self, sources)
        cpu = _targets(found, "cpu", filled)
        other = [
            f"{each.name}/{metric.name}"
            for each in found
            for metric in each.metrics
            if metric.kind not in RESOURCES
        ]
        blind = [e.name for e in found if len(e.unknown) == len(e.metrics)]
        missing = unscaled(self, found)
        lines = [str(each) for each in found]
        lines += [f"{component}: nothing scales it" for component in missing]
        return measured(
            "\n".join(lines),
            listed("missing", missing),
            Reading("cpu_least", min(cpu, default=None), "%"),
            Reading("cpu_most", max(cpu, default=None), "%"),
            Reading(
                "memory_most", max(_targets(found, "memory", filled), default=None), "%"
            ),
            listed("other", other),
            listed("unknown", (f"{e.name}/{m.name}" for e in found for m in e.unknown)),
            listed("blind", blind),
            listed("forbidden", (e.name for e in found if e.never("scaleUp"))),
        )


def _targets(found: list[Autoscaler], resource: str, filled: Resources) -> list[float]:
    """Return the targets for a resource, in percent of what is requested."""
    shares = [
        _share(metric, each, filled)
        for each in found
        for metric in each.metrics
        if metric.kind in RESOURCES and metric.name == resource
    ]
    return [share for share in shares if share is not None]


def _share(metric: Metric, scaler: Autoscaler, filled: Resources) -> float | None:
    """Return a target in percent of what is requested, None without a request."""
    if (share := metric.target.get("averageUtilization")) is not None:
        return float(share)
    spec = scaler.workload.template["spec"]
    if metric.container:
        asked = sum(
            container("", each, {}, filled).request(metric.name) or 0.0
            for each in spec["containers"]
            if each["name"] == metric.container
        )
    else:
        asked = requested(spec, filled, metric.name)
    return 100 * amount(metric.target["averageValue"]) / asked if asked else None
