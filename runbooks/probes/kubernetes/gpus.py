"""Probe of the GPUs that a component asks for.

GPUs are extended resources: a limit of ``nvidia.com/gpu``, a slice of one
(``nvidia.com/mig-1g.5gb``, ``nvidia.com/gpu.shared``), or ``amd.com/gpu``. See
https://kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus/ and the device plugins.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import (
    ApplicationProbe,
    Workload,
    holds,
    listed,
)
from runbooks.probes.kubernetes.objects import NODES, Object
from runbooks.probes.kubernetes.quantities import amount
from runbooks.probes.kubernetes.selectors import labels_of, name_of
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_GPU = re.compile(r"(nvidia|amd)\.com/(gpu|gpu\.shared|mig-.+)")
_REPLICAS = "nvidia.com/gpu.replicas"


class GPUsProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures the GPUs that pods of a component ask for.

    Source: ``resources.limits`` in pod templates, ``status.allocatable`` and labels
    of ready Nodes.

    Readings:
        gpus: the fewest that a pod asks for.
        most: the most that a pod asks for.
        vendor: ``nvidia`` or ``amd``, both joined; absent without GPUs.
        there: how many of what they ask for the ready nodes have.
        shared: nodes that hand out one such GPU several times.

    Raises:
        ProbeError: the cluster cannot be asked, a component has no Deployment, or
            gets its GPUs by a ResourceClaim, which is not counted.
    """

    components: tuple[str, ...] = ("worker",)

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("gpus", "most", "vendor", "there", "shared"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"shared"})

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.workloads(sources)
        for each in found:
            if _claims(each):
                said = f"{each.name} asks for devices by a ResourceClaim"
                raise ProbeError(f"{said}, which is not counted", stage="query")
        nodes = [n for n in await self.objects(sources, NODES) if holds(n, "Ready")]
        asked = [gpus_of_pod(each) for each in found]
        names = {name for each in asked for name in each}
        held = {
            name_of(node): {k: n for k, n in gpus_of_node(node).items() if k in names}
            for node in nodes
        }
        lines = [
            f"{each.component} ({each.name}): {told(gpus)} a pod"
            for each, gpus in zip(found, asked, strict=True)
        ]
        lines += [f"{name}: {told(gpus)}" for name, gpus in held.items() if gpus]
        counts = [sum(each.values()) for each in asked]
        sharing = (name_of(n) for n in nodes if held[name_of(n)] and _shares(n, names))
        return measured(
            "\n".join(lines),
            Reading("gpus", min(counts)),
            Reading("most", max(counts)),
            listed("vendor", sorted(name.partition(".")[0] for name in names)),
            Reading("there", sum(sum(each.values()) for each in held.values())),
            listed("shared", sharing),
        )


def gpus_of_pod(workload: Workload) -> dict[str, int]:
    """Return the GPUs that a pod asks for, by the name of the resource."""
    found: Counter[str] = Counter()
    for each in workload.containers:
        found.update(_counted((each.get("resources") or {}).get("limits") or {}))
    return found


def gpus_of_node(node: Object) -> dict[str, int]:
    """Return the GPUs that pods on a node may have, by the name of the resource."""
    return _counted((node.get("status") or {}).get("allocatable") or {})


def told(gpus: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in gpus.items()) or "no GPU"


def _counted(quantities: Mapping[str, object]) -> dict[str, int]:
    counts = {n: int(amount(q)) for n, q in quantities.items() if _GPU.fullmatch(n)}
    return {name: count for name, count in counts.items() if count}


def _shares(node: Object, names: Iterable[str]) -> bool:
    """Whether the device plugin lets several pods have the same GPU."""
    replicas = labels_of(node).get(_REPLICAS, "1")
    several = replicas.isdecimal() and int(replicas) > 1
    return several or any(name.endswith(".shared") for name in names)


def _claims(workload: Workload) -> bool:
    return any((c.get("resources") or {}).get("claims") for c in workload.containers)
