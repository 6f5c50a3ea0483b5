"""Probe of the persistent volumes that components mount."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ApplicationProbe, Workload, listed
from runbooks.probes.kubernetes.objects import CONFIG_MAPS, Kind, Object
from runbooks.probes.kubernetes.quantities import amount
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources
from runbooks.results import Reading

CLAIMS = Kind("v1", "persistentvolumeclaims")
CLASSES = Kind("storage.k8s.io/v1", "storageclasses", namespaced=False)
SHARED = "ReadWriteMany"


class VolumesProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures the claims behind a path, or behind all paths, of components.

    Source: ``volumeMounts`` and ``volumes`` in pod templates, PersistentVolumeClaims,
    StorageClasses and Pods.

    Readings:
        unmounted: components where the path is on no claim, or that mount none.
        claims: those behind it.
        missing: claims that are mounted and not there.
        unbound: claims that have no volume.
        unclassed: claims whose storage class is not there.
        unshared: claims that pods of one node alone can mount.
        torn: those among them that pods of several nodes need.
        size: capacity of the smallest claim; absent without claims.
        separate: whether components have claims of their own.

    Attributes:
        path: directory in the containers; without one every claim counts.
        variable: environment variable that says the path instead; where it is not
            set, the path is not on a claim.

    Raises:
        ProbeError: the cluster cannot be asked, or a component has no Deployment.
    """

    path: str = ""
    variable: str = ""

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            (
                "unmounted",
                "claims",
                "missing",
                "unbound",
                "unclassed",
                "unshared",
                "torn",
                "separate",
            ),
            "",
        ),
        "size": "B",
    }
    naming: ClassVar[frozenset[str]] = frozenset(
        {"unmounted", "claims", "missing", "unbound", "unclassed", "unshared", "torn"}
    )

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.workloads(sources)
        there = {name_of(c): c for c in await self.objects(sources, CLAIMS)}
        classes = {name_of(each) for each in await self.objects(sources, CLASSES)}
        mounted: dict[str, list[Workload]] = {}
        unmounted = []
        for workload in found:
            names = set(await self._claims(sources, workload))
            if not names:
                unmounted.append(workload.component)
            for name in names:
                mounted.setdefault(name, []).append(workload)
        claims = [there[name] for name in sorted(mounted) if name in there]
        unshared = [c for c in claims if SHARED not in c["spec"]["accessModes"]]
        sizes = list(map(_capacity, claims))
        lines = [_line(claim, mounted[name_of(claim)]) for claim in claims]
        lines += [f"{component}: no claim" for component in unmounted]
        return measured(
            "\n".join(lines),
            listed("unmounted", unmounted),
            listed("claims", map(name_of, claims)),
            listed("missing", (name for name in mounted if name not in there)),
            listed("unbound", (name_of(c) for c in claims if _phase(c) != "Bound")),
            listed("unclassed", (name_of(c) for c in claims if _lost(c, classes))),
            listed("unshared", map(name_of, unshared)),
            listed(
                "torn",
                (name_of(c) for c in unshared if len(_nodes(mounted[name_of(c)])) > 1),
            ),
            Reading(
                "separate", any(len(each) < len(found) for each in mounted.values())
            ),
            Reading("size", min(sizes) if sizes else None, "B"),
        )

    async def _claims(self, sources: Sources, workload: Workload) -> list[str]:
        """Return the claims behind the path in the first container."""
        volumes = {
            each["name"]: each["persistentVolumeClaim"]["claimName"]
            for each in workload.template["spec"].get("volumes") or []
            if each.get("persistentVolumeClaim")
        }
        container = workload.containers[0]
        path = self.path
        if self.variable:
            path = await self._value(sources, container)
            if not path:
                return []
        return [
            volumes[mount["name"]]
            for mount in _nearest(container, path)
            if mount["name"] in volumes
        ]

    async def _value(self, sources: Sources, container: Object) -> str:
        """Return the variable's value, as far as it is written or in a ConfigMap."""
        for each in container.get("env") or []:
            if each["name"] == self.variable:
                wanted = (each.get("valueFrom") or {}).get("configMapKeyRef")
                if not wanted:
                    return str(each.get("value") or "")
                for config in await self.objects(sources, CONFIG_MAPS):
                    if name_of(config) == wanted["name"]:
                        return str((config.get("data") or {}).get(wanted["key"], ""))
        return ""


def _nearest(container: Object, path: str) -> Iterator[Object]:
    """Yield the mount on which *path* lies, or all mounts without a path."""
    mounts = container.get("volumeMounts") or []
    if not path:
        yield from mounts
        return
    within = [
        each for each in mounts if PurePosixPath(path).is_relative_to(each["mountPath"])
    ]
    if within:
        yield max(within, key=lambda each: len(each["mountPath"]))


def _phase(claim: Object) -> str:
    return str((claim.get("status") or {}).get("phase", "Pending"))


def _lost(claim: Object, classes: set[str]) -> bool:
    name = claim["spec"].get("storageClassName")
    return bool(name) and name not in classes


def _capacity(claim: Object) -> float:
    """Return what a claim has, or what it asks for while it has nothing."""
    capacity = (claim.get("status") or {}).get("capacity") or {}
    asked = claim["spec"]["resources"]["requests"]
    return amount(capacity.get("storage") or asked["storage"])


def _nodes(workloads: list[Workload]) -> set[str]:
    pods = [pod for each in workloads for pod in each.pods]
    return {pod["spec"]["nodeName"] for pod in pods if pod["spec"].get("nodeName")}


def _line(claim: Object, workloads: list[Workload]) -> str:
    spec = claim["spec"]
    return (
        f"{name_of(claim)}: {_phase(claim)}, {', '.join(spec['accessModes'])}, class "
        f"{spec.get('storageClassName') or 'unnamed'}, "
        f"{spec['resources']['requests']['storage']}, mounted by "
        f"{', '.join(each.component for each in workloads)} on "
        f"{', '.join(sorted(_nodes(workloads))) or 'no node'}"
    )
