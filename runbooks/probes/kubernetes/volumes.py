"""Probe of the volumes that components keep their files on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import (
    ApplicationProbe,
    Workload,
    listed,
    phase,
)
from runbooks.probes.kubernetes.objects import CONFIG_MAPS, Kind, Object
from runbooks.probes.kubernetes.quantities import amount
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources
from runbooks.settings import data_of, of_container

CLAIMS = Kind("v1", "persistentvolumeclaims")
CLASSES = Kind("storage.k8s.io/v1", "storageclasses", namespaced=False)
SHARED = frozenset({"ReadWriteMany", "ReadOnlyMany"})
FLEETING = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "projected",
        "secret",
    }
)
"""Kinds of volumes that end with their pod."""
_LISTS = (
    "unmounted",
    "fleeting",
    "on_node",
    "read_only",
    "claims",
    "missing",
    "unbound",
    "unclassed",
    "small",
    "unshared",
    "torn",
)


@dataclass(frozen=True, slots=True)
class _Mount:
    """What a component mounts.

    Attributes:
        kind: of the volume, such as ``persistentVolumeClaim``; "" without one.
        claim: its name, "" where it is no claim.
    """

    workload: Workload
    kind: str = ""
    claim: str = ""
    read_only: bool = False


class VolumesProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures what lies behind a path, or which claims are mounted, in components.

    Source: ``volumeMounts`` and ``volumes`` in pod templates,
    PersistentVolumeClaims, Pods, and StorageClasses where a claim has no volume.

    Readings:
        unmounted: components where the path lies in the container itself, or that
            mount no claim where no path is asked for.
        fleeting: components where it ends with the pod, such as an emptyDir.
        on_node: components where it is a directory of the node.
        read_only: components that may not write there.
        claims: those behind it.
        missing: claims that are mounted and not there.
        unbound: claims that have no volume.
        unclassed: those among them whose storage class is not there.
        small: claims with less than `least`.
        unshared: claims that pods of one node alone can mount.
        torn: those among them that pods of several nodes need.

    Attributes:
        path: directory in the components' containers; without one the claims of all
            containers count.
        variable: environment variable that names the path instead where it is set,
            in the template or in a ConfigMap.
        least: size of a claim, as the API writes it.

    Raises:
        ProbeError: the cluster cannot be asked, or a component has no Deployment.
    """

    path: str = ""
    variable: str = ""
    least: str = "10Gi"

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(_LISTS, "")
    naming: ClassVar[frozenset[str]] = frozenset(_LISTS)

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        wrong = super().complaints(parameters)
        try:
            amount(parameters.get("least", "0"))
        except ValueError as error:
            wrong.append(f"least: {error}; write a size such as 10Gi")
        return wrong

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.workloads(sources)
        mounts = [m for w in found for m in await self._mounts(sources, w)]
        there = {name_of(c): c for c in await self.objects(sources, CLAIMS)}
        wanted = sorted({mount.claim for mount in mounts if mount.claim})
        claims = [there[name] for name in wanted if name in there]
        unbound = [claim for claim in claims if phase(claim) != "Bound"]
        classes = await self.objects(sources, CLASSES) if unbound else []
        unshared = [claim for claim in claims if not SHARED & _modes(claim)]
        named: dict[str, Iterable[str]] = {
            "unmounted": _components(m for m in mounts if not m.kind),
            "fleeting": _components(m for m in mounts if m.kind in FLEETING),
            "on_node": _components(m for m in mounts if m.kind == "hostPath"),
            "read_only": _components(m for m in mounts if m.read_only),
            "claims": map(name_of, claims),
            "missing": (name for name in wanted if name not in there),
            "unbound": map(name_of, unbound),
            "unclassed": (name_of(c) for c in unbound if _lost(c, classes)),
            "small": (name_of(c) for c in claims if _size(c) < amount(self.least)),
            "unshared": map(name_of, unshared),
            "torn": (name_of(c) for c in unshared if len(_nodes(c, mounts)) > 1),
        }
        lines = [_line(claim, mounts) for claim in claims]
        lines += [
            f"{mount.workload.component}: {mount.kind or 'no volume'}"
            for mount in mounts
            if not mount.claim
        ]
        return measured(
            "\n".join(lines), *(listed(name, those) for name, those in named.items())
        )

    async def _mounts(self, sources: Sources, workload: Workload) -> list[_Mount]:
        path = self.path
        if self.variable:
            config_maps = data_of(
                {**each, "kind": "ConfigMap"}
                for each in await self.objects(sources, CONFIG_MAPS)
            )
            container = workload.container
            environment = of_container("", container, config_maps, None)
            path = environment.setting(self.variable).value or path
        if path:
            return [_behind(workload, path)]
        found = [_mount(workload, m) for m in _mounted(workload.containers)]
        return [each for each in found if each.claim] or [_Mount(workload)]


def _behind(workload: Workload, path: str) -> _Mount:
    """Return what lies behind a path: the nearest mount above it."""
    above = [
        each
        for each in _mounted([workload.container])
        if PurePosixPath(path).is_relative_to(each["mountPath"])
    ]
    if not above:
        return _Mount(workload)
    return _mount(workload, max(above, key=lambda each: len(each["mountPath"])))


def _mounted(containers: Iterable[Object]) -> Iterator[Object]:
    for each in containers:
        yield from each.get("volumeMounts") or []


def _mount(workload: Workload, mount: Object) -> _Mount:
    volumes: list[Object] = workload.template["spec"].get("volumes") or []
    those = (each for each in volumes if each["name"] == mount["name"])
    volume: Object = next(those, {})
    kind = next((key for key in volume if key != "name"), "emptyDir")
    claim = volume.get("persistentVolumeClaim") or {}
    read_only = bool(mount.get("readOnly") or claim.get("readOnly"))
    return _Mount(workload, kind, claim.get("claimName", ""), read_only)


def _components(mounts: Iterable[_Mount]) -> list[str]:
    return [each.workload.component for each in mounts]


def _modes(claim: Object) -> set[str]:
    """Return the access modes of a claim's volume, else those that it asks for."""
    status = claim.get("status") or {}
    return set(status.get("accessModes") or claim["spec"].get("accessModes") or [])


def _lost(claim: Object, classes: Iterable[Object]) -> bool:
    name = claim["spec"].get("storageClassName")
    return bool(name) and name not in map(name_of, classes)


def _size(claim: Object) -> float:
    """Return what a claim has, or what it asks for while it has nothing."""
    capacity = (claim.get("status") or {}).get("capacity") or {}
    asked = (claim["spec"].get("resources") or {}).get("requests") or {}
    return amount(capacity.get("storage") or asked.get("storage") or 0)


def _nodes(claim: Object, mounts: Iterable[_Mount]) -> set[str]:
    """Return the nodes of the pods that mount a claim."""
    return {
        pod["spec"]["nodeName"]
        for mount in mounts
        if mount.claim == name_of(claim)
        for pod in mount.workload.pods
        if pod["spec"].get("nodeName")
    }


def _line(claim: Object, mounts: list[_Mount]) -> str:
    those = _components(m for m in mounts if m.claim == name_of(claim))
    return (
        f"{name_of(claim)}: {phase(claim)}, {', '.join(sorted(_modes(claim)))}, class "
        f"{claim['spec'].get('storageClassName') or 'unnamed'}, "
        f"{_size(claim) / 2**30:.0f} GiB, mounted by {', '.join(dict.fromkeys(those))} "
        f"on {', '.join(sorted(_nodes(claim, mounts))) or 'no node'}"
    )
