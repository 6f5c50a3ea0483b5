"""HorizontalPodAutoscalers of the application: whom they scale, and by what.

See https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/
and the API's reference, "HorizontalPodAutoscaler".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runbooks.probes.kubernetes.application import ApplicationProbe, Workload, condition
from runbooks.probes.kubernetes.objects import Kind, Object
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources

AUTOSCALERS = Kind("autoscaling/v2", "horizontalpodautoscalers")
RESOURCES = ("Resource", "ContainerResource")
"""Kinds of metrics that are of CPU and memory."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric that an autoscaler goes by.

    Attributes:
        kind: such as ``Resource`` or ``Pods``.
        about: what is measured: its name, and of which container or object.
        target: when to scale.
        current: what the controller read last; {} where it could not.
    """

    kind: str
    about: Mapping[str, Any]
    target: Mapping[str, Any]
    current: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str((self.about.get("metric") or self.about)["name"])

    @property
    def container(self) -> str:
        """Return the container it is about, "" where it is about whole pods."""
        return str(self.about.get("container", ""))

    def __str__(self) -> str:
        now = _value(self.current) if self.current else "unknown"
        return f"{self.name} {now} of {_value(self.target)}"


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """One autoscaler and the Deployment that it scales."""

    workload: Workload
    thing: Object

    @property
    def name(self) -> str:
        return name_of(self.thing)

    @property
    def least(self) -> int:
        return bounds(self.thing)[0]

    @property
    def most(self) -> int:
        return bounds(self.thing)[1]

    @property
    def metrics(self) -> list[Metric]:
        """Return what it goes by.

        The controller leaves an empty place among the current metrics for one that it
        cannot read.
        """
        status = self.thing.get("status") or {}
        known = [_parts(each) for each in status.get("currentMetrics") or []]
        found = []
        for each in self.thing["spec"].get("metrics") or []:
            kind, about, target = _parts(each)
            same = (now for k, those, now in known if (k, those) == (kind, about))
            found.append(Metric(kind, about, target, next(same, {})))
        return found

    @property
    def unknown(self) -> list[Metric]:
        return [each for each in self.metrics if not each.current]

    def behavior(self, direction: str) -> Mapping[str, Any]:
        """Return the rules of ``scaleUp`` or ``scaleDown``, {} for the usual ones."""
        said = self.thing["spec"].get("behavior") or {}
        rules: Mapping[str, Any] = said.get(direction) or {}
        return rules

    def never(self, direction: str) -> bool:
        """Whether it is forbidden to scale that way."""
        return self.behavior(direction).get("selectPolicy") == "Disabled"

    def __str__(self) -> str:
        status = self.thing.get("status") or {}
        lines = [
            f"{self.workload.component} ({self.workload.name}): {self.name}, "
            f"{self.least} to {self.most} pods, now {status.get('currentReplicas', 0)}",
            *(f"  {each}" for each in self.metrics),
        ]
        for kind in ("AbleToScale", "ScalingActive", "ScalingLimited"):
            said = condition(self.thing, kind)
            details = (said.get("status"), said.get("reason"), said.get("message"))
            lines.append(f"  {kind} {' '.join(str(d) for d in details if d)}".rstrip())
        return "\n".join(lines)


async def autoscalers(
    probe: ApplicationProbe, sources: Sources
) -> tuple[list[Workload], list[Autoscaler]]:
    """Return the Deployments of a probe's components, and what scales them.

    Raises:
        ProbeError: the cluster cannot be asked, or a component has no Deployment.
    """
    found = await probe.workloads(sources)
    there = await probe.objects(sources, AUTOSCALERS)
    pairs = [(each, autoscaler_of(each, there)) for each in found]
    return found, [Autoscaler(each, thing) for each, thing in pairs if thing]


def autoscaler_of(workload: Workload, there: Iterable[Object]) -> Object | None:
    """Return the autoscaler of a Deployment.

    Of two neither scales: the controller makes ScalingActive False for both.
    """
    return next(scaling("Deployment", workload.name, there), None)


def scaling(kind: str, name: str, there: Iterable[Object]) -> Iterator[Object]:
    """Yield the autoscalers whose target is the object of that kind and name."""
    for each in there:
        target = each["spec"]["scaleTargetRef"]
        if (target["kind"], target["name"]) == (kind, name):
            yield each


def bounds(autoscaler: Object) -> tuple[int, int]:
    """Return the fewest and the most pods that an autoscaler allows."""
    low = autoscaler["spec"].get("minReplicas")
    return 1 if low is None else int(low), int(autoscaler["spec"]["maxReplicas"])


def unscaled(probe: ApplicationProbe, found: Iterable[Autoscaler]) -> list[str]:
    """Return the components of which no Deployment has an autoscaler."""
    return probe.missing(each.workload for each in found)


def _parts(metric: Mapping[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Return kind, what it is about, and target or current value."""
    kind = str(metric.get("type", ""))
    said = metric.get(kind[:1].lower() + kind[1:]) or {}
    about = {k: v for k, v in said.items() if k not in ("target", "current")}
    return kind, about, said.get("target") or said.get("current") or {}


def _value(said: Mapping[str, Any]) -> str:
    if (share := said.get("averageUtilization")) is not None:
        return f"{share} %"
    return str(said.get("averageValue") or said.get("value") or "nothing")
