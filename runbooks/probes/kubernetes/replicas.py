"""Probe of how many pods of a Deployment serve, and where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import (
    ApplicationProbe,
    Workload,
    holds,
    listed,
)
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class ReplicasProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures the replicas of components; of several the fewest.

    Source: Deployments and Pods.

    Readings:
        ready: pods that are ready.
        desired: pods that there should be.
        lacking: desired pods that are not ready.
        updated: pods of the current revision.
        nodes: how many nodes the ready pods run on.
        pending: pods that found no node yet.
        crash_looping: pods with a container that keeps ending.
        missing: components without a Deployment; they count as 0 replicas.

    Raises:
        ProbeError: the cluster cannot be asked.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "ready",
            "desired",
            "lacking",
            "updated",
            "nodes",
            "pending",
            "crash_looping",
            "missing",
        ),
        "",
    )
    naming: ClassVar[frozenset[str]] = frozenset(
        {"pending", "crash_looping", "missing"}
    )

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.those_there(sources)
        missing = self.missing(found)
        ready = [len(_ready(each)) for each in found]
        none = [0] * len(missing)
        pods = [pod for each in found for pod in each.pods]
        lines = [f"{each}: no Deployment" for each in missing]
        return measured(
            "\n".join([*map(_line, found), *lines]),
            Reading("ready", min(ready + none)),
            Reading("desired", min([each.desired for each in found] + none)),
            Reading("lacking", sum(max(0, e.desired - len(_ready(e))) for e in found)),
            Reading("updated", min([_updated(each) for each in found] + none)),
            Reading("nodes", min([len(_nodes(each)) for each in found] + none)),
            listed(
                "pending",
                (name_of(p) for p in pods if p["status"].get("phase") == "Pending"),
            ),
            listed("crash_looping", (name_of(p) for p in pods if crash_loops(p))),
            listed("missing", missing),
        )


def crash_loops(pod: Mapping[str, object]) -> bool:
    """Whether a container of a pod waits because it ended too often."""
    status = pod["status"]
    assert isinstance(status, dict)
    return any(
        each.get("state", {}).get("waiting", {}).get("reason") == "CrashLoopBackOff"
        for kind in ("containerStatuses", "initContainerStatuses")
        for each in status.get(kind) or []
    )


def _ready(workload: Workload) -> list[str]:
    return [name_of(pod) for pod in workload.pods if holds(pod, "Ready")]


def _nodes(workload: Workload) -> set[str]:
    ready = [pod for pod in workload.pods if holds(pod, "Ready")]
    return {pod["spec"]["nodeName"] for pod in ready if pod["spec"].get("nodeName")}


def _updated(workload: Workload) -> int:
    return int((workload.deployment.get("status") or {}).get("updatedReplicas") or 0)


def _line(workload: Workload) -> str:
    nodes = ", ".join(sorted(_nodes(workload))) or "no node"
    return (
        f"{workload.component} ({workload.name}): {len(_ready(workload))} of "
        f"{workload.desired} ready on {nodes}"
    )
