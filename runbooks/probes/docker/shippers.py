"""Probe of whether what containers print leaves the machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.docker.client import Engine
from runbooks.probes.docker.containers import Container
from runbooks.probes.docker.project import ProjectProbe, services_where
from runbooks.probes.shippers import ships
from runbooks.probes.sources import Sources
from runbooks.results import Reading

LOCAL = ("json-file", "local", "journald")
"""Drivers that keep lines on the machine, where a shipper may read them."""


class ShippersProbe(ProjectProbe, frozen=True, kw_only=True):
    """Measures whether the lines of services are sent away.

    A logging driver such as ``loki``, ``fluentd`` or ``awslogs`` does that, or a
    container of whatever project that reads what the Engine keeps: Promtail, Alloy,
    Fluent Bit, Vector, Filebeat. One that runs outside of Docker is not seen.

    Source: ``HostConfig.LogConfig`` of each container, ``GET /containers/json``.

    Readings:
        drivers: those in use, ``json-file, loki``.
        agents: containers that ship.
        local: services whose driver keeps lines on the machine, or nowhere, and that
            no container ships.

    Raises:
        ProbeError: the Engine cannot be asked, or a service has no container.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("drivers", "agents", "local"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset(readings)

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.containers(sources)
        agents = await _agents(sources, self.engine)
        read = LOCAL if agents else ()

        def stays(container: Container) -> bool:
            driver = _driver(container)
            return driver in (*LOCAL, "none") and driver not in read

        drivers = sorted({_driver(each) for each in found})
        lines = [f"{each.service} ({each.name}): {_driver(each)}" for each in found]
        return measured(
            "\n".join([*lines, f"containers that ship: {', '.join(agents) or 'none'}"]),
            Reading("drivers", ", ".join(drivers)),
            Reading("agents", ", ".join(agents) or None),
            services_where("local", found, stays),
        )


async def _agents(sources: Sources, engine: Engine) -> list[str]:
    """Return the names of running containers with the image of a shipper."""
    running = await engine.ask(sources, "running", lambda client: client.containers())
    return sorted(
        str(each["Names"][0]).lstrip("/") for each in running if ships(each["Image"])
    )


def _driver(container: Container) -> str:
    return str(container.host_config["LogConfig"]["Type"])
