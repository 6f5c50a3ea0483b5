"""Probe of the GPUs that containers are given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.probes.base import Measurement
from runbooks.probes.docker.containers import Container
from runbooks.probes.docker.project import ProjectProbe, services_where
from runbooks.probes.sources import Sources
from runbooks.results import Reading

ALL = "all"
_AMD = re.compile(r"/dev/dri/renderD\d+")


class DevicesProbe(ProjectProbe, frozen=True, kw_only=True):
    """Measures how many GPUs each container is given, and of which make.

    Source: ``HostConfig.DeviceRequests`` (NVIDIA's runtime) and ``Devices``
    (``/dev/kfd`` with ``/dev/dri`` or one of its nodes is AMD) of each container.

    Readings:
        gpus: given to each container, the largest number; 0 where one has none,
            ``all`` where one is given whatever the host has.
        vendor: ``nvidia``, ``amd``, both joined; absent without a GPU.
        without: services with a container that has no GPU.
        shared: GPUs, or ``all``, that two containers are given at once.

    Raises:
        ProbeError: the Engine cannot be asked, or a service has no container.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("gpus", "vendor", "without", "shared"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"vendor", "without", "shared"})

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.containers(sources)
        given = {each.id: _gpus(each) for each in found}
        vendors = sorted({gpu[0] for gpus in given.values() for gpu in gpus})
        lines = [
            f"{each.service} ({each.name}): "
            + (", ".join(" ".join(gpu) for gpu in given[each.id]) or "no GPU")
            for each in found
        ]
        readings = [
            Reading("gpus", _worst(list(given.values()))),
            Reading("vendor", ", ".join(vendors) or None),
            services_where("without", found, lambda c: not given[c.id]),
            Reading("shared", ", ".join(_shared(list(given.values()))) or None),
        ]
        return Measurement({each.name: each for each in readings}, "\n".join(lines))


def _gpus(container: Container) -> list[tuple[str, str]]:
    """Return vendor and name of each GPU; a number or ``all`` for a name unknown."""
    host = container.host_config
    found: list[tuple[str, str]] = []
    for request in host.get("DeviceRequests") or ():
        found += [("nvidia", name) for name in _requested(request)]
    paths = [each["PathOnHost"] for each in host.get("Devices") or ()]
    if "/dev/kfd" in paths:
        nodes = [path for path in paths if _AMD.fullmatch(path)]
        whole = [ALL] if "/dev/dri" in paths else []
        found += [("amd", name) for name in whole or nodes]
    return found


def _requested(request: Mapping[str, Any]) -> list[str]:
    """Return the names of the GPUs that a device request is for."""
    kinds = {kind for each in request.get("Capabilities") or () for kind in each}
    if request.get("Driver") != "nvidia" and not kinds & {"gpu", "nvidia"}:
        return []
    if names := request.get("DeviceIDs"):
        return list(names)
    count = request.get("Count") or 0
    # A number without names is always filled from the first GPU on.
    return [ALL] if count < 0 else [str(number) for number in range(count)]


def _worst(given: list[list[tuple[str, str]]]) -> int | str:
    """Return the number that is furthest from one GPU for each container."""
    if not all(given):
        return 0
    if any(name == ALL for gpus in given for _, name in gpus):
        return ALL
    return max(map(len, given))


def _shared(given: list[list[tuple[str, str]]]) -> list[str]:
    """Return the GPUs that more than one container has."""
    users = [set(gpus) for gpus in given if gpus]
    if len(users) > 1 and any((vendor, ALL) in u for u in users for vendor, _ in u):
        return [ALL]
    twice = {
        gpu for i, one in enumerate(users) for two in users[:i] for gpu in one & two
    }
    return sorted(f"{vendor} {name}" for vendor, name in twice)
