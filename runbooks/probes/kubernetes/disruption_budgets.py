"""Probe of how many pods a drained node may take away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import (
    ApplicationProbe,
    Workload,
    listed,
    phase,
)
from runbooks.probes.kubernetes.objects import PODS, Kind, Object
from runbooks.probes.kubernetes.selectors import Labels, labels_of, name_of, selects
from runbooks.probes.sources import Sources
from runbooks.results import Reading

BUDGETS = Kind("policy/v1", "poddisruptionbudgets")
_LISTS = ("missing", "repeated", "empty")


class DisruptionBudgetsProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures the PodDisruptionBudgets of components.

    Source: ``spec.selector`` of PodDisruptionBudgets against the labels of pods and
    pod templates, and what their controller computes in ``status``. See
    https://kubernetes.io/docs/tasks/run-application/configure-pdb/.

    Readings:
        missing: components that no budget selects.
        kept: the fewest pods of a component that have to stay; absent without budget.
        allowed: the fewest that may go now; with 0 no node can be drained.
        repeated: Deployments that several budgets select: none of their pods can
            then be evicted.
        empty: budgets of the namespace that select no pod.

    Raises:
        ProbeError: the cluster cannot be asked, a component has no Deployment, or the
            controller has not looked at its budget yet.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (*_LISTS, "kept", "allowed"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset(_LISTS)

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.workloads(sources)
        budgets, pods = await self.lists(sources, BUDGETS, PODS)
        pairs = [(w, [b for b in budgets if _covers(b, w)]) for w in found]
        used = [b for b in budgets if any(b in those for _, those in pairs)]
        status = [self._status(each) for each in used]
        there = [labels_of(pod) for pod in pods if phase(pod) in ("Pending", "Running")]
        empty = [b for b in budgets if b not in used and not _any(b, there)]
        missing = self.missing(w for w, those in pairs if those)
        lines = [f"{component}: no budget selects it" for component in missing]
        lines += [_line(budget, pairs) for budget in used]
        lines += [f"{name_of(each)} selects no pod" for each in empty]
        return measured(
            "\n".join(lines),
            listed("missing", missing),
            Reading("kept", min((s["desiredHealthy"] for s in status), default=None)),
            Reading(
                "allowed", min((s["disruptionsAllowed"] for s in status), default=None)
            ),
            listed("repeated", (w.name for w, those in pairs if len(those) > 1)),
            listed("empty", map(name_of, empty)),
        )

    def _status(self, budget: Object) -> Object:
        status: Object = budget.get("status") or {}
        generation = budget["metadata"].get("generation", 0)
        if status.get("observedGeneration", -1) < generation:
            said = f"the cluster has not looked at {name_of(budget)} as it is now"
            raise ProbeError(said, source=self.source, stage="query")
        return status


def _any(budget: Object, those: Iterable[Labels]) -> bool:
    """Whether a budget selects any of those; without a selector it selects none."""
    selector = budget["spec"].get("selector")
    return selector is not None and any(selects(selector, each) for each in those)


def _covers(budget: Object, workload: Workload) -> bool:
    """Whether a budget selects the pods of a Deployment, also when there is none."""
    return _any(budget, [labels_of(workload.template)])


def _line(budget: Object, pairs: Iterable[tuple[Workload, list[Object]]]) -> str:
    spec, status = budget["spec"], budget["status"]
    said = [f"{k} {spec[k]}" for k in ("minAvailable", "maxUnavailable") if k in spec]
    owners = ", ".join(w.name for w, those in pairs if budget in those)
    return (
        f"{name_of(budget)} ({', '.join(said) or 'without a number'}): {owners}, "
        f"{status['currentHealthy']} of {status['expectedPods']} healthy, "
        f"{status['desiredHealthy']} have to stay, "
        f"{status['disruptionsAllowed']} may go"
    )
