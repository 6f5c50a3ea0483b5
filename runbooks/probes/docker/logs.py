"""The last lines that services have printed, for whoever judges logs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from runbooks.probes.docker.client import Engine
from runbooks.probes.docker.containers import Container, project_containers
from runbooks.probes.sources import Sources


@dataclass(frozen=True, slots=True)
class Line:
    """One line that a container has printed, on stdout or stderr.

    Attributes:
        time: when, as the Engine noted it, RFC 3339 in UTC.
    """

    service: str
    container: str
    time: str
    text: str


async def last_lines(
    sources: Sources, services: list[str], count: int, host: str = "", project: str = ""
) -> list[Line]:
    """Return the newest lines of the running containers of services, oldest first.

    Args:
        services: names of compose services.
        count: lines of each container.

    Raises:
        ProbeError: the Engine cannot be asked, or the driver keeps no logs.
    """
    engine = Engine.at(host)
    found = [
        each
        for each in await project_containers(sources, engine, project)
        if each.running and each.service in services
    ]
    tails = await asyncio.gather(*(_tail(sources, engine, c, count) for c in found))
    return sorted((line for tail in tails for line in tail), key=lambda line: line.time)


async def _tail(
    sources: Sources, engine: Engine, container: Container, count: int
) -> list[Line]:
    printed = await engine.ask(
        sources,
        ("logs", container.id, count),
        lambda client: client.logs(container.id, tail=count, timestamps=True),
    )
    pairs = (
        line.partition(" ") for line in printed.decode("utf-8", "replace").splitlines()
    )
    return [
        Line(container.service, container.name, time, text) for time, _, text in pairs
    ]
