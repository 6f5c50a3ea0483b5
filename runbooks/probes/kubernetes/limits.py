"""Probe of the CPU and memory that containers ask for and may have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import (
    ApplicationProbe,
    Workload,
    holds,
    listed,
)
from runbooks.probes.kubernetes.objects import NODES, Object
from runbooks.probes.kubernetes.quantities import amount
from runbooks.probes.kubernetes.templates import templates
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_LISTS = (
    "without_cpu_request",
    "without_cpu_limit",
    "without_memory_request",
    "without_memory_limit",
)


class LimitsProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures requests and limits of the containers of components.

    Source: ``resources`` of containers in pod templates, ``status.allocatable`` of
    ready Nodes. A container without a request has its limit as request.

    Readings:
        without_cpu_request, without_cpu_limit, without_memory_request,
        without_memory_limit: containers without.
        cpus, memory: the smallest limit; absent where a container has none.
        cpu_requested, memory_requested: share of what ready nodes have that all
            desired pods of the components ask for.

    Raises:
        ProbeError: the cluster cannot be asked, or a component has no Deployment.
    """

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(_LISTS, ""),
        "cpus": "",
        "memory": "B",
        "cpu_requested": "%",
        "memory_requested": "%",
    }
    naming: ClassVar[frozenset[str]] = frozenset(_LISTS)

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.workloads(sources)
        nodes = [n for n in await self.objects(sources, NODES) if holds(n, "Ready")]
        containers = [
            (f"{each.component}/{container['name']}", container)
            for each in found
            for container in each.containers
        ]
        return measured(
            "\n".join(_line(name, each) for name, each in containers),
            *without(containers),
            Reading("cpus", _smallest(containers, "cpu")),
            Reading("memory", _smallest(containers, "memory"), "B"),
            Reading("cpu_requested", _share(found, nodes, "cpu"), "%"),
            Reading("memory_requested", _share(found, nodes, "memory"), "%"),
        )


class EveryLimitProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Names the containers of the whole application without requests or limits.

    Source: ``resources`` of containers in the pod templates of Deployments, CronJobs
    and Jobs.

    Readings:
        without_cpu_request, without_cpu_limit, without_memory_request,
        without_memory_limit: containers without.

    Raises:
        ProbeError: the cluster cannot be asked, or has nothing of the application.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(_LISTS, "")
    naming: ClassVar[frozenset[str]] = frozenset(_LISTS)

    async def measure(self, sources: Sources) -> Measurement:
        found = await templates(self, sources)
        containers = [each for one in found for each in one.containers()]
        lines = [_line(name, each) for name, each in containers]
        return measured("\n".join(lines), *without(containers))


def without(containers: Iterable[tuple[str, Object]]) -> list[Reading]:
    """Return which containers lack which request or limit."""
    return [
        listed(
            f"without_{resource}_{kind}",
            (name for name, each in containers if said(each, kind, resource) is None),
        )
        for resource in ("cpu", "memory")
        for kind in ("request", "limit")
    ]


def said(container: Object, kind: str, resource: str) -> float | None:
    """Return a request or limit as a number, None without."""
    resources = container.get("resources") or {}
    written = (resources.get(f"{kind}s") or {}).get(resource)
    if written is None and kind == "request":
        return said(container, "limit", resource)
    return None if written is None else amount(written)


def _smallest(containers: Iterable[tuple[str, Object]], resource: str) -> float | None:
    limits = [said(each, "limit", resource) for _, each in containers]
    known = [limit for limit in limits if limit is not None]
    return min(known) if len(known) == len(limits) else None


def _share(
    workloads: Iterable[Workload], nodes: list[Object], resource: str
) -> float | None:
    """Return in percent what is asked for of what there is; None without nodes."""
    there = sum(amount(node["status"]["allocatable"][resource]) for node in nodes)
    asked = sum(
        each.desired * (said(container, "request", resource) or 0.0)
        for each in workloads
        for container in each.containers
    )
    return 100 * asked / there if there else None


def _line(name: str, container: Object) -> str:
    resources = container.get("resources") or {}
    parts = [
        f"{kind} " + ", ".join(f"{k} {v}" for k, v in (resources[kind]).items())
        for kind in ("requests", "limits")
        if resources.get(kind)
    ]
    return f"{name}: {'; '.join(parts) or 'neither requests nor limits'}"
