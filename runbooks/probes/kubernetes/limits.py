"""Probes of the CPU and memory that containers ask for and may have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import (
    ApplicationProbe,
    Workload,
    condition,
    holds,
    listed,
)
from runbooks.probes.kubernetes.objects import NODES, Object
from runbooks.probes.kubernetes.quantities import amount
from runbooks.probes.kubernetes.resources import (
    NAMES,
    Container,
    Resources,
    container,
    defaults,
    requested,
)
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.kubernetes.templates import templates
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_LISTS = tuple(f"without_{r}_{kind}" for r in NAMES for kind in ("request", "limit"))


class LimitsProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures requests and limits of the containers of components.

    Source: ``resources`` in pod templates, with what a LimitRange adds to them;
    ``status.allocatable`` of the Nodes that are ready and not cordoned; the condition
    PodScheduled of Pods. A limit without a request is a request too.

    Readings:
        without_cpu_request, without_cpu_limit, without_memory_request,
        without_memory_limit: containers without.
        cpus, memory: the smallest limit of the components' own containers; absent
            where one has none.
        cpu_requested, memory_requested: share of what those nodes have that all
            desired pods of the components ask for; absent without nodes.
        unschedulable: pods for which no node has room.

    Raises:
        ProbeError: the cluster cannot be asked, or a component has no Deployment.
    """

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(_LISTS, ""),
        "cpus": "",
        "memory": "B",
        "cpu_requested": "%",
        "memory_requested": "%",
        "unschedulable": "",
    }
    naming: ClassVar[frozenset[str]] = frozenset({*_LISTS, "unschedulable"})

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.workloads(sources)
        filled = await defaults(self, sources)
        nodes = [n for n in await self.objects(sources, NODES) if _takes_pods(n)]
        every = [
            container(f"{w.component}/{each['name']}", each, w.template["spec"], filled)
            for w in found
            for each in w.containers
        ]
        own = [container("", w.container, w.template["spec"], filled) for w in found]
        return measured(
            "\n".join(map(str, every)),
            *_without(every),
            Reading("cpus", _smallest(own, "cpu")),
            Reading("memory", _smallest(own, "memory"), "B"),
            *(
                Reading(f"{r}_requested", _share(found, nodes, filled, r), "%")
                for r in NAMES
            ),
            listed("unschedulable", (name for w in found for name in _homeless(w))),
        )


class EveryLimitProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Names the containers of the whole application without requests or limits.

    Source: ``resources`` in all pod templates of the application, with what a
    LimitRange adds to them.

    Readings:
        without_cpu_request, without_cpu_limit, without_memory_request,
        without_memory_limit: containers without.

    Raises:
        ProbeError: the cluster cannot be asked, or has nothing of the application.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(_LISTS, "")
    naming: ClassVar[frozenset[str]] = frozenset(_LISTS)

    @property
    def thing(self) -> str:
        return f"{self.source} {self.application}"

    async def measure(self, sources: Sources) -> Measurement:
        found = await templates(self, sources)
        filled = await defaults(self, sources)
        every = [
            container(name, each, template.spec, filled)
            for template in found
            for name, each in template.containers()
        ]
        return measured("\n".join(map(str, every)), *_without(every))


def _without(containers: Iterable[Container]) -> list[Reading]:
    """Return which containers lack which request or limit."""
    found = []
    for each in NAMES:
        asking = (c.name for c in containers if c.request(each) is None)
        bound = (c.name for c in containers if c.limit(each) is None)
        found += [listed(f"without_{each}_request", asking)]
        found += [listed(f"without_{each}_limit", bound)]
    return found


def _smallest(containers: Iterable[Container], resource: str) -> float | None:
    limits = [each.limit(resource) for each in containers]
    known = [limit for limit in limits if limit is not None]
    return min(known) if len(known) == len(limits) else None


def _takes_pods(node: Object) -> bool:
    return holds(node, "Ready") and not node["spec"].get("unschedulable")


def _share(
    workloads: Iterable[Workload],
    nodes: Iterable[Object],
    filled: Resources,
    resource: str,
) -> float | None:
    """Return in percent what is asked for of what there is; None without nodes."""
    allocatable = [
        (node.get("status") or {}).get("allocatable") or {} for node in nodes
    ]
    there = sum(amount(each.get(resource, 0)) for each in allocatable)
    asked = sum(
        each.desired * requested(each.template["spec"], filled, resource)
        for each in workloads
    )
    return 100 * asked / there if there else None


def _homeless(workload: Workload) -> list[str]:
    return [
        name_of(pod)
        for pod in workload.pods
        if condition(pod, "PodScheduled").get("reason") == "Unschedulable"
    ]
