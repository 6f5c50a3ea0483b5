"""Probe of the CPU and memory that containers use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ApplicationProbe
from runbooks.probes.kubernetes.limits import said
from runbooks.probes.kubernetes.objects import Kind, Object, objects_if_known
from runbooks.probes.kubernetes.quantities import amount
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources
from runbooks.results import Reading

POD_METRICS = Kind("metrics.k8s.io/v1beta1", "pods")


class UsageProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures how much of their limits the containers of components use.

    Source: ``metrics.k8s.io``, as `kubectl top pods` reads it; a mean over about a
    minute.

    Readings:
        cpu, memory: the largest share of a limit that a container uses. Containers
            without a limit are left out.

    Raises:
        ProbeError: the cluster cannot be asked, has no metrics API, or knows nothing
            of these pods.
    """

    readings: ClassVar[Mapping[str, str]] = {"cpu": "%", "memory": "%"}

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.workloads(sources)
        metrics = await objects_if_known(sources, self.connection, POD_METRICS)
        if metrics is None:
            error = ProbeError("the cluster has no metrics API", stage="query")
            error.add_note("Install metrics-server; autoscaling needs it too.")
            raise error
        used = {name_of(each): each["containers"] for each in metrics}
        shares = [
            (f"{name_of(pod)}/{container['name']}", resource, share)
            for each in found
            for pod in each.pods
            for container in each.containers
            for resource, share in _shares(container, used.get(name_of(pod), []))
        ]
        if not shares:
            raise ProbeError("there are no metrics of these pods yet", stage="query")
        return measured(
            "\n".join(
                f"{name}: {share:.0f} % of its {resource}"
                for name, resource, share in shares
            ),
            *(
                Reading(resource, max(s for _, r, s in shares if r == resource), "%")
                for resource in ("cpu", "memory")
                if any(r == resource for _, r, _ in shares)
            ),
        )


def _shares(container: Object, used: list[Object]) -> Iterator[tuple[str, float]]:
    """Yield resource and percentage of its limit that a container uses."""
    for each in used:
        if each["name"] == container["name"]:
            for resource in ("cpu", "memory"):
                if limit := said(container, "limit", resource):
                    yield resource, 100 * amount(each["usage"][resource]) / limit
