"""Probe of the DaemonSets that send the lines of pods to a store of logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ApplicationProbe, holds, listed
from runbooks.probes.kubernetes.objects import NODES, Kind, Object
from runbooks.probes.kubernetes.scheduling import chooses, repelling
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.shippers import ships
from runbooks.probes.sources import Sources
from runbooks.results import Reading

DAEMON_SETS = Kind("apps/v1", "daemonsets", namespaced=False)
"""Those of every namespace: shippers have one of their own."""
_TOLERATED = "node.kubernetes.io/"
"""Taints that the controller lets pods of every DaemonSet tolerate."""


class ShippersProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures whether the lines of the application's pods are sent away.

    Source: DaemonSets of all namespaces, Nodes, and the Pods of the application. A
    DaemonSet counts when an image of it is that of a shipper such as Promtail,
    Alloy, Fluent Bit, Vector or Filebeat.

    Readings:
        agents: DaemonSets that ship.
        desired: pods that there should be of them, one a node.
        ready: pods that there are.
        lacking: DaemonSets with fewer.
        uncovered: nodes with pods of the application that none is meant for, because
            of a nodeSelector, an affinity or a taint.
        bare: other ready nodes that none is meant for.

    Attributes:
        names: further DaemonSets that ship, by name.

    Raises:
        ProbeError: the cluster cannot be asked.
    """

    names: tuple[str, ...] = ()

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("agents", "desired", "ready", "lacking", "uncovered", "bare"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset(
        {"agents", "lacking", "uncovered", "bare"}
    )

    async def measure(self, sources: Sources) -> Measurement:
        found, nodes = await self.lists(sources, DAEMON_SETS, NODES)
        agents = [each for each in found if self._ships(each)]
        pods = [p for each in await self.those_there(sources) for p in each.pods]
        used = {pod["spec"].get("nodeName") for pod in pods}
        left = [
            name_of(node)
            for node in nodes
            if holds(node, "Ready") and not any(_meant(each, node) for each in agents)
        ]
        lines = [
            f"{_place(each)}: {_count(each, 'numberReady')} of "
            f"{_count(each, 'desiredNumberScheduled')} ready"
            for each in agents
        ]
        return measured(
            "\n".join(lines) or f"{len(found)} DaemonSets, none that ships logs",
            listed("agents", map(_place, agents)),
            Reading("desired", _sum(agents, "desiredNumberScheduled")),
            Reading("ready", _sum(agents, "numberReady")),
            listed("lacking", (_place(each) for each in agents if _lacks(each))),
            listed("uncovered", (name for name in left if name in used)),
            listed("bare", (name for name in left if name not in used)),
        )

    def _ships(self, daemon_set: Object) -> bool:
        containers = daemon_set["spec"]["template"]["spec"]["containers"]
        by_image = any(ships(str(each.get("image", ""))) for each in containers)
        return by_image or name_of(daemon_set) in self.names


def _meant(daemon_set: Object, node: Object) -> bool:
    """Whether there is to be a pod of a DaemonSet on a node."""
    pod = daemon_set["spec"]["template"]["spec"]
    taints = [t for t in repelling(pod, node) if not t.startswith(_TOLERATED)]
    return chooses(pod, node) and not taints


def _lacks(daemon_set: Object) -> bool:
    wanted = _count(daemon_set, "desiredNumberScheduled")
    return _count(daemon_set, "numberReady") < max(1, wanted)


def _sum(daemon_sets: Iterable[Object], field: str) -> int:
    return sum(_count(each, field) for each in daemon_sets)


def _count(daemon_set: Object, field: str) -> int:
    return int((daemon_set.get("status") or {}).get(field) or 0)


def _place(daemon_set: Object) -> str:
    return f"{daemon_set['metadata'].get('namespace', '')}/{name_of(daemon_set)}"
