"""Probe of what a namespace keeps and nothing uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.durations import seconds
from runbooks.probes.base import Duration, Measurement, measured
from runbooks.probes.kubernetes.application import ClusterProbe, listed, phase
from runbooks.probes.kubernetes.objects import DEPLOYMENTS, Kind, Object
from runbooks.probes.kubernetes.quantities import age
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.kubernetes.volumes import CLAIMS
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading

VOLUMES = Kind("v1", "persistentvolumes", namespaced=False)


class UnusedProbe(ClusterProbe, frozen=True, kw_only=True):
    """Measures which volumes, claims and Deployments nothing uses.

    Source: ``status.phase`` of PersistentVolumes that a claim of the namespace had,
    and of its PersistentVolumeClaims; ``spec.replicas`` of its Deployments. Since when
    something lies unused nobody keeps: what counts is when it was made.

    Readings:
        volumes: those whose claim is gone (Released), or could not be removed.
        claims: those without a volume.
        idle: Deployments scaled to 0.
        old: those of all three that were made longer ago than `unused_for`.

    Attributes:
        unused_for: for how long something may lie there.

    Raises:
        ProbeError: the cluster cannot be asked.
    """

    unused_for: Duration = Duration(seconds("30d"))

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("volumes", "claims", "idle", "old"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset(readings)

    async def measure(self, sources: Sources) -> Measurement:
        space = await self.connection.in_namespace(sources)
        there = await self.lists(sources, VOLUMES, CLAIMS, DEPLOYMENTS)
        volumes = [each for each in there[0] if _left_behind(each, space)]
        claims = [each for each in there[1] if phase(each) != "Bound"]
        idle = [each for each in there[2] if each["spec"].get("replicas") == 0]
        found = [*volumes, *claims, *idle]
        return measured(
            "\n".join(map(_line, found)) or f"{space} keeps nothing unused",
            listed("volumes", map(name_of, volumes)),
            listed("claims", map(name_of, claims)),
            listed("idle", map(name_of, idle)),
            listed("old", (name_of(e) for e in found if _age(e) > self.unused_for)),
        )


def _left_behind(volume: Object, namespace: str) -> bool:
    claim = volume["spec"].get("claimRef") or {}
    return claim.get("namespace") == namespace and phase(volume) in (
        "Released",
        "Failed",
    )


def _age(thing: Object) -> float:
    return age(thing["metadata"]["creationTimestamp"])


def _line(thing: Object) -> str:
    kind = phase(thing) if "replicas" not in thing["spec"] else "0 replicas"
    made = shown(Reading("", _age(thing), "s"))
    return f"{name_of(thing)}: {kind}, made {made} ago"
