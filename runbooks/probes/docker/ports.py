"""Probe of the ports that containers publish on their host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.docker.containers import Container
from runbooks.probes.docker.project import ProjectProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class PortsProbe(ProjectProbe, frozen=True, kw_only=True):
    """Measures which ports anybody who reaches the host can reach too.

    Source: ``HostConfig.PortBindings`` and ``NetworkSettings.Ports`` of each
    container; of one in the host's network, the ports that its image exposes. A
    service that has no container publishes nothing.

    Readings:
        published: service and port of each that is bound to another address than
            loopback and is not in `allowed`, ``db 5435, redis 6380``.

    Attributes:
        allowed: ports of the host that may be open to all.

    Raises:
        ProbeError: the Engine cannot be asked, or the project has no container.
    """

    allowed: tuple[int, ...] = (80, 443)

    readings: ClassVar[Mapping[str, str]] = {"published": ""}
    naming: ClassVar[frozenset[str]] = frozenset(readings)

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.those_there(sources)
        bound = dict.fromkeys(
            (each.service, address, port)
            for each in found
            for address, port in _bound(each)
        )
        lines = [f"{service}: {address}:{port}" for service, address, port in bound]
        public = dict.fromkeys(
            f"{service} {port}"
            for service, address, port in bound
            if not _is_loopback(address) and port not in self.allowed
        )
        return measured(
            "\n".join(lines) or "nothing is published",
            Reading("published", ", ".join(public) or None),
        )


def _bound(container: Container) -> Iterator[tuple[str, int]]:
    """Yield address and port of the host for each port it publishes."""
    if container.host_config.get("NetworkMode") == "host":
        for exposed in container.config.get("ExposedPorts") or {}:
            yield "0.0.0.0", int(exposed.partition("/")[0])
        return
    asked = container.host_config.get("PortBindings") or {}
    given = container.inspected["NetworkSettings"].get("Ports") or {}
    for bindings in (*asked.values(), *given.values()):
        for binding in bindings or ():
            # Without a number the Engine picks one, which `given` holds.
            if port := binding.get("HostPort"):
                yield _address(binding), int(port.partition("-")[0])


def _address(binding: Mapping[str, str]) -> str:
    """Return the address as written; none, and ``::``, mean every one."""
    address = binding.get("HostIp", "")
    return "0.0.0.0" if address in ("", "::") else address


def _is_loopback(address: str) -> bool:
    return ip_address(address).is_loopback
