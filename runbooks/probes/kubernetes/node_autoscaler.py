"""Probe of whether anything adds nodes when pods find no room."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ClusterProbe, listed
from runbooks.probes.kubernetes.objects import Kind, Object, api_groups, document
from runbooks.probes.kubernetes.quantities import age
from runbooks.probes.kubernetes.rights import Right
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources
from runbooks.results import Reading

NODE_POOLS = Kind("karpenter.sh/v1", "nodepools", namespaced=False)
STATUS = "/api/v1/namespaces/kube-system/configmaps/cluster-autoscaler-status"
READING = Right(
    *("", "configmaps", "get"),
    namespace="kube-system",
    name="cluster-autoscaler-status",
)
_UPDATED = "cluster-autoscaler.kubernetes.io/last-updated"
_TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\S* ([+-]\d\d)(\d\d)")


class NodeAutoscalerProbe(ClusterProbe, frozen=True, kw_only=True):
    """Names what adds nodes to a cluster.

    Source: NodePools of Karpenter, and the ConfigMap ``cluster-autoscaler-status`` in
    which the Cluster Autoscaler, also that of a cloud, says every few seconds how it
    is. A cloud that adds nodes without either is not seen.

    Readings:
        found: ``Karpenter``, ``Cluster Autoscaler`` or both; absent without.
        age: since the Cluster Autoscaler last said so; absent where it never did.

    Raises:
        ProbeError: the cluster cannot be asked.
    """

    readings: ClassVar[Mapping[str, str]] = {"found": "", "age": "s"}
    naming: ClassVar[frozenset[str]] = frozenset({"found"})

    async def measure(self, sources: Sources) -> Measurement:
        # Who may not list a kind is told so even where the cluster does not know it.
        groups = await api_groups(sources, self.connection)
        known = NODE_POOLS.group in groups
        pools = await self.objects(sources, NODE_POOLS) if known else []
        status = await document(sources, self.connection, STATUS, READING.rule)
        names = ["Karpenter"] * bool(pools) + ["Cluster Autoscaler"] * bool(status)
        lines = [f"NodePool {name_of(each)}" for each in pools]
        said = _age(status) if status else None
        if said is not None:
            lines.append(f"the Cluster Autoscaler reported {said:.0f} s ago")
        return measured(
            "\n".join(lines) or "neither NodePools nor a Cluster Autoscaler",
            listed("found", names),
            Reading("age", said, "s"),
        )


def _age(status: Object) -> float:
    """Return the seconds since a status was written.

    Its time is as Go writes them: ``2026-09-15 04:05:52.354884346 +0000 UTC``.
    """
    written = (status["metadata"].get("annotations") or {}).get(_UPDATED, "")
    time = _TIME.match(written)
    if not time:
        raise ProbeError(f"{STATUS} does not say when it was written", stage="query")
    day, hour, off, minutes = time.groups()
    return age(f"{day}T{hour}{off}:{minutes}")
