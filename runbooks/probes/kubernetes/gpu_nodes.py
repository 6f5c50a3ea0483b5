"""Probe of the GPUs of the nodes on which a component may run."""

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
from runbooks.probes.kubernetes.gpus import gpus_of_node, gpus_of_pod, told
from runbooks.probes.kubernetes.objects import NODES, Object
from runbooks.probes.kubernetes.scaling import AUTOSCALERS, autoscaler_of, bounds
from runbooks.probes.kubernetes.scheduling import chooses, repelling
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class GPUNodesProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures the GPUs of the nodes on which pods of a component may run.

    Source: ``status.allocatable``, labels and taints of ready Nodes; nodeSelector,
    node affinity and tolerations of the pods; HorizontalPodAutoscalers.

    Readings:
        gpus: those of nodes that the pods choose, tolerate and that are not cordoned.
        least: how many the fewest pods need that there shall be.
        most: how many the most pods need that there may be.
        refused: nodes with GPUs whose taints the pods do not tolerate.
        passed_over: nodes with GPUs that the pods do not choose.

    Raises:
        ProbeError: the cluster cannot be asked, or a component has no Deployment.
    """

    components: tuple[str, ...] = ("worker",)

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("gpus", "least", "most", "refused", "passed_over"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"refused", "passed_over"})

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.workloads(sources)
        nodes, scalers = await self.lists(sources, NODES, AUTOSCALERS)
        ready = [node for node in nodes if holds(node, "Ready")]
        held = {name_of(node): sum(gpus_of_node(node).values()) for node in ready}
        equipped = [node for node in ready if held[name_of(node)]]
        specs = [_spec(each) for each in found]
        chosen = [n for n in equipped if any(chooses(spec, n) for spec in specs)]
        refused = [n for n in chosen if all(repelling(spec, n) for spec in specs)]
        usable = [
            node
            for node in chosen
            if node not in refused and not node["spec"].get("unschedulable")
        ]
        limits = [_bounds(each, scalers) for each in found]
        each_pod = [sum(gpus_of_pod(each).values()) or 1 for each in found]
        pairs = list(zip(limits, each_pod, strict=True))
        return measured(
            "\n".join(f"{name_of(n)}: {_about(n, specs)}" for n in equipped),
            Reading("gpus", sum(held[name_of(node)] for node in usable)),
            Reading("least", sum(low * gpus for (low, _), gpus in pairs)),
            Reading("most", sum(high * gpus for (_, high), gpus in pairs)),
            listed("refused", map(name_of, refused)),
            listed("passed_over", (name_of(n) for n in equipped if n not in chosen)),
        )


def _spec(workload: Workload) -> Object:
    """Return the PodSpec as pods have it, with what the cluster adds to it."""
    pods = workload.pods or [workload.template]
    spec: Object = pods[0]["spec"]
    return spec


def _bounds(workload: Workload, scalers: Iterable[Object]) -> tuple[int, int]:
    """Return the fewest and the most pods that an autoscaler allows."""
    scaling = autoscaler_of(workload, scalers)
    return bounds(scaling) if scaling else (workload.desired, workload.desired)


def _about(node: Object, specs: Iterable[Object]) -> str:
    said = [told(gpus_of_node(node))]
    taints = {taint for spec in specs for taint in repelling(spec, node)}
    if taints:
        said.append(f"not tolerated: {', '.join(sorted(taints))}")
    if not any(chooses(spec, node) for spec in specs):
        said.append("not chosen by the pods' nodeSelector or affinity")
    if node["spec"].get("unschedulable"):
        said.append("cordoned")
    return "; ".join(said)
