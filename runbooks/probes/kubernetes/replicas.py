"""Probe of how many pods of a Deployment serve, and where."""

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
    phase,
)
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.quantities import age
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_LOOPING = "CrashLoopBackOff"
_LISTS = ("pending", "crash_looping", "missing")


class ReplicasProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures the replicas of components; of several components the fewest.

    Source: Deployments and Pods.

    Readings:
        ready: pods that are ready.
        desired: pods that there should be.
        lacking: desired pods that are not ready.
        unready_for: how long the pod that waits longest has not been ready; absent
            where all are.
        updated: pods of the current revision.
        nodes: how many nodes the ready pods run on.
        pending: pods that wait for a node, an image or a volume.
        crash_looping: pods with a container that keeps ending.
        missing: components without a Deployment; they count as 0 replicas.

    Raises:
        ProbeError: the cluster cannot be asked.
    """

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("ready", "desired", "lacking", "updated", "nodes"), ""),
        **dict.fromkeys(_LISTS, ""),
        "unready_for": "s",
    }
    naming: ClassVar[frozenset[str]] = frozenset(_LISTS)

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.those_there(sources)
        parts = [[w for w in found if w.component == each] for each in self.components]
        missing = self.missing(found)
        pods = [pod for each in found for pod in each.pods]
        waiting = [_waiting(pod) for pod in pods if not holds(pod, "Ready")]
        lines = [f"{each}: no Deployment" for each in missing]
        return measured(
            "\n".join([*map(_line, found), *lines]),
            Reading("ready", min(len(_ready(part)) for part in parts)),
            Reading("desired", min(sum(w.desired for w in part) for part in parts)),
            Reading(
                "lacking", sum(max(0, w.desired - len(_ready([w]))) for w in found)
            ),
            Reading("updated", min(sum(map(_updated, part)) for part in parts)),
            Reading("nodes", min(len(_nodes(part)) for part in parts)),
            Reading("unready_for", max(waiting, default=None), "s"),
            listed("pending", (name_of(p) for p in pods if phase(p) == "Pending")),
            listed("crash_looping", (name_of(p) for p in pods if crash_loops(p))),
            listed("missing", missing),
        )


def crash_loops(pod: Object) -> bool:
    """Whether a container of a pod waits because it ended too often."""
    status = pod.get("status") or {}
    return any(
        ((each.get("state") or {}).get("waiting") or {}).get("reason") == _LOOPING
        for kind in ("containerStatuses", "initContainerStatuses")
        for each in status.get(kind) or []
    )


def _waiting(pod: Object) -> float:
    """Return the seconds since a pod is not ready."""
    since = condition(pod, "Ready").get("lastTransitionTime")
    since = since or pod["metadata"].get("creationTimestamp")
    return age(since) if since else 0.0


def _ready(workloads: Iterable[Workload]) -> list[Object]:
    return [pod for each in workloads for pod in each.pods if holds(pod, "Ready")]


def _nodes(workloads: Iterable[Workload]) -> set[str]:
    names = {pod["spec"].get("nodeName") for pod in _ready(workloads)}
    return {name for name in names if name}


def _updated(workload: Workload) -> int:
    return int((workload.deployment.get("status") or {}).get("updatedReplicas") or 0)


def _line(workload: Workload) -> str:
    nodes = ", ".join(sorted(_nodes([workload]))) or "no node"
    return (
        f"{workload.component} ({workload.name}): {len(_ready([workload]))} of "
        f"{workload.desired} ready on {nodes}"
    )
