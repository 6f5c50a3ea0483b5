"""How far the controller of a workload has come, in numbers.

The fields are those of the API's reference: DeploymentStatus, StatefulSetStatus,
DaemonSetStatus. kubectl decides by the same ones when a rollout is done.
"""

from __future__ import annotations

from dataclasses import dataclass

from runbooks.probes.kubernetes.application import condition
from runbooks.probes.kubernetes.objects import Object

DEADLINE = 600.0
"""Seconds that the API server sets as spec.progressDeadlineSeconds by itself."""
ENDLESS = 2**31 - 1
"""The value of it that means none."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Numbers of pods.

    Attributes:
        seen: whether the controller has looked at what is asked of it now.
        total: those of every revision.
        updated: those of the current one.
        available: ready for long enough.
    """

    seen: bool
    desired: int
    total: int
    updated: int
    ready: int
    available: int

    @classmethod
    def of(cls, found: Object) -> Standing:
        spec, status = found["spec"], found.get("status") or {}
        generation = found["metadata"].get("generation", 0)
        seen = status.get("observedGeneration", 0) >= generation

        def number(name: str) -> int:
            return int(status.get(name) or 0)

        if "desiredNumberScheduled" in status:
            return cls(
                seen,
                number("desiredNumberScheduled"),
                number("currentNumberScheduled"),
                number("updatedNumberScheduled"),
                number("numberReady"),
                number("numberAvailable"),
            )
        replicas = spec.get("replicas")
        return cls(
            seen,
            1 if replicas is None else int(replicas),
            number("replicas"),
            number("updatedReplicas"),
            number("readyReplicas"),
            number("availableReplicas"),
        )

    @property
    def complete(self) -> bool:
        """Whether all pods are of the current revision, and serve."""
        counts = {self.total, self.updated, self.available}
        return self.seen and counts == {self.desired}


def deadline(found: Object) -> float:
    """Return the seconds that a rollout may take."""
    said = found["spec"].get("progressDeadlineSeconds")
    return DEADLINE if said is None or said >= ENDLESS else float(said)


def timed_out(found: Object) -> str:
    """Return when its controller gave up waiting, "" where it has not."""
    said = condition(found, "Progressing")
    if said.get("reason") != "ProgressDeadlineExceeded":
        return ""
    return str(said.get("lastUpdateTime") or said.get("lastTransitionTime") or "before")


def paused(found: Object) -> bool:
    return bool(found["spec"].get("paused"))
