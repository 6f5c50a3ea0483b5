"""Probe of the CPU and memory that containers use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement
from runbooks.probes.kubernetes.application import ApplicationProbe
from runbooks.probes.kubernetes.objects import Kind, Object, objects_if_known
from runbooks.probes.kubernetes.quantities import amount
from runbooks.probes.kubernetes.resources import NAMES, container
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources
from runbooks.results import Reading

POD_METRICS = Kind("metrics.k8s.io/v1beta1", "pods")


class UsageProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures how much of their limits the containers of components use.

    Source: ``metrics.k8s.io``, as `kubectl top pods` reads it: CPU over about a
    minute, memory that cannot be freed.

    Readings:
        cpu, memory: the largest share of a limit that a container uses; containers
            without a limit are left out, absent where none has one.

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
        used = {name_of(each): each for each in metrics}
        pods = [pod for each in found for pod in each.pods if name_of(pod) in used]
        if not pods:
            raise ProbeError("there are no metrics of these pods yet", stage="query")
        shares = [share for pod in pods for share in _shares(pod, used[name_of(pod)])]
        largest = {
            resource: max((s for _, r, s in shares if r == resource), default=None)
            for resource in NAMES
        }
        return Measurement(
            {name: Reading(name, share, "%") for name, share in largest.items()},
            "\n".join(f"{name}: {s:.0f} % of its {r}" for name, r, s in shares),
            lacking={
                name: f"no container has a {name} limit"
                for name, share in largest.items()
                if share is None
            },
        )


def _shares(pod: Object, used: Object) -> Iterator[tuple[str, str, float]]:
    """Yield container, resource and the percentage of its limit that it uses."""
    spec = {each["name"]: each for each in pod["spec"]["containers"]}
    for each in used.get("containers") or []:
        name = f"{name_of(pod)}/{each['name']}"
        bounds = container(name, spec.get(each["name"], {}), pod["spec"], {})
        for resource in NAMES:
            limit, usage = bounds.limit(resource), each["usage"].get(resource)
            if limit and usage is not None:
                yield name, resource, 100 * amount(usage) / limit
