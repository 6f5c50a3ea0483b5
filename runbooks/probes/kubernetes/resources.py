"""CPU and memory that containers ask for and may have.

See https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ and
https://kubernetes.io/docs/concepts/policy/limit-range/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runbooks.probes.kubernetes.application import ApplicationProbe
from runbooks.probes.kubernetes.objects import Kind, Object
from runbooks.probes.kubernetes.quantities import amount
from runbooks.probes.sources import Sources

LIMIT_RANGES = Kind("v1", "limitranges")
NAMES = ("cpu", "memory")
Resources = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Container:
    """A container, and what pod and namespace say where it says nothing.

    Attributes:
        name: with its owner, such as ``api/proxy``.
        own: ``resources`` of the container.
        pod: ``resources`` of its pod, for all its containers together.
        defaults: what LimitRanges fill in, in the same shape.
    """

    name: str
    own: Resources
    pod: Resources
    defaults: Resources

    def limit(self, resource: str) -> float | None:
        """Return CPUs or bytes, None without a limit."""
        return _first(resource, (self.own, self.pod, self.defaults), ("limits",))

    def request(self, resource: str) -> float | None:
        """Return CPUs or bytes, None without a request; a limit is one too."""
        asked = _first(resource, (self.own, self.pod), ("requests", "limits"))
        if asked is not None:
            return asked
        return _first(resource, (self.defaults,), ("requests", "limits"))

    def __str__(self) -> str:
        parts = [
            f"{kind} " + ", ".join(f"{name} {said[name]}" for name in said)
            for kind in ("requests", "limits")
            if (said := self.own.get(kind) or self.pod.get(kind))
        ]
        if not parts and self.defaults:
            parts = ["what the LimitRange says"]
        return f"{self.name}: {'; '.join(parts) or 'neither requests nor limits'}"


def container(name: str, said: Object, pod: Object, defaults: Resources) -> Container:
    """Return a container of a PodSpec."""
    return Container(
        name, said.get("resources") or {}, pod.get("resources") or {}, defaults
    )


async def defaults(probe: ApplicationProbe, sources: Sources) -> Resources:
    """Return what the namespace gives to containers that say nothing.

    Raises:
        ProbeError: the cluster cannot be asked.
    """
    found: dict[str, dict[str, Any]] = {"limits": {}, "requests": {}}
    for each in await probe.objects(sources, LIMIT_RANGES):
        for item in each["spec"].get("limits") or []:
            if item.get("type") == "Container":
                found["limits"].update(item.get("default") or {})
                found["requests"].update(item.get("defaultRequest") or {})
    return {kind: said for kind, said in found.items() if said}


def requested(pod: Object, defaults: Resources, resource: str) -> float:
    """Return what the scheduler sets aside for a pod while it runs."""
    whole = _first(resource, (pod.get("resources") or {},), ("requests", "limits"))
    if whole is not None:
        return whole
    return sum(
        container("", each, {}, defaults).request(resource) or 0.0
        for each in _lasting(pod)
    )


def _lasting(pod: Object) -> Iterator[Object]:
    """Yield the containers that run as long as their pod, sidecars among them."""
    yield from pod["containers"]
    for each in pod.get("initContainers") or []:
        if each.get("restartPolicy") == "Always":
            yield each


def _first(
    resource: str, said: tuple[Resources, ...], kinds: tuple[str, ...]
) -> float | None:
    for each in said:
        for kind in kinds:
            written = (each.get(kind) or {}).get(resource)
            if written is not None:
                return amount(written)
    return None
