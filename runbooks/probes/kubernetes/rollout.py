"""Probe of how a Deployment is replaced, and what it can go back to."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ApplicationProbe, Workload, listed
from runbooks.probes.kubernetes.objects import Kind, Object
from runbooks.probes.sources import Sources
from runbooks.results import Reading

REPLICA_SETS = Kind("apps/v1", "replicasets")


class RolloutProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures strategy, history and images of Deployments.

    Source: ``spec.strategy`` of Deployments, and the ReplicaSets they own: each is
    a revision.

    Readings:
        recreating: components whose pods all end before new ones start.
        unavailable: the most pods of a component that a rollout takes away.
        least: the fewest pods of a component that are to serve.
        revisions: the fewest revisions of a component, the current one included.
        unpinned: containers whose image has neither digest nor a tag besides
            ``latest``.
        images: those that pods run.

    Raises:
        ProbeError: the cluster cannot be asked, or a component has no Deployment.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("recreating", "unavailable", "least", "revisions", "unpinned", "images"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"recreating", "unpinned"})

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.workloads(sources)
        sets = await self.objects(sources, REPLICA_SETS)
        revisions = [len(_revisions(each, sets)) for each in found]
        images = [
            (f"{each.component}/{container['name']}", str(container.get("image", "")))
            for each in found
            for container in each.containers
        ]
        lines = [
            f"{each.component} ({each.name}): {strategy(each.deployment)}, takes away "
            f"at most {unavailable(each.deployment, each.desired)} of {each.desired}, "
            f"{number} revisions"
            for each, number in zip(found, revisions, strict=True)
        ]
        lines += [f"{container}: {image}" for container, image in images]
        return measured(
            "\n".join(lines),
            listed(
                "recreating",
                (e.component for e in found if strategy(e.deployment) == "Recreate"),
            ),
            Reading(
                "unavailable", max(unavailable(e.deployment, e.desired) for e in found)
            ),
            Reading("least", min(each.desired for each in found)),
            Reading("revisions", min(revisions)),
            listed("unpinned", (name for name, image in images if not pinned(image))),
            Reading("images", ", ".join(dict.fromkeys(image for _, image in images))),
        )


def pinned(image: str) -> bool:
    """Whether an image reference names a digest, or a tag besides ``latest``."""
    tag = image.rpartition("/")[2].partition(":")[2]
    return "@sha256:" in image or tag not in ("", "latest")


def strategy(deployment: Object) -> str:
    """Return how pods of a Deployment are replaced."""
    said = deployment["spec"].get("strategy") or {}
    return str(said.get("type") or "RollingUpdate")


def unavailable(deployment: Object, desired: int) -> int:
    """Return how many of the desired pods a rollout takes away before others serve.

    See the API's reference, "RollingUpdateDeployment": a share is rounded down, that
    of ``maxSurge`` up, and a rollout that could do neither takes one away.
    """
    if strategy(deployment) == "Recreate":
        return desired
    said = deployment["spec"].get("strategy") or {}
    rolling = said.get("rollingUpdate") or {}
    taken = share(rolling.get("maxUnavailable", "25%"), desired, math.floor)
    added = share(rolling.get("maxSurge", "25%"), desired, math.ceil)
    return taken if taken or added else 1


def share(said: int | str, desired: int, rounded: Callable[[float], int]) -> int:
    """Return a number of pods that may be given in percent."""
    if isinstance(said, str) and said.endswith("%"):
        return rounded(desired * int(said[:-1]) / 100)
    return int(said)


def _revisions(workload: Workload, sets: list[Object]) -> list[Object]:
    uid = workload.deployment["metadata"].get("uid")
    return [
        each
        for each in sets
        for owner in each["metadata"].get("ownerReferences") or []
        if owner.get("controller") and owner.get("uid") == uid
    ]
