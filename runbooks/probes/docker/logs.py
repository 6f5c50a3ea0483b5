"""The last lines that services have printed: the probe of them, and for others."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from runbooks.probes.base import Measurement
from runbooks.probes.docker.client import Engine
from runbooks.probes.docker.containers import Container, project_containers
from runbooks.probes.docker.project import ProjectProbe
from runbooks.probes.log_lines import FIELDS, structure
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading


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
    sources: Sources,
    services: Iterable[str],
    count: int,
    host: str = "",
    project: str = "",
) -> list[Line]:
    """Return the newest lines of the containers of services, oldest first.

    Of those that run or wait to be restarted: what a looping one says tells why.

    Args:
        services: names of compose services.
        count: lines of each container.

    Raises:
        ProbeError: the Engine cannot be asked, or the driver keeps no logs.
    """
    engine = Engine.at(host)
    wanted = set(services)
    found = [
        each
        for each in await project_containers(sources, engine, project)
        if each.state["Running"] and each.service in wanted
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


class LogsProbe(ProjectProbe, frozen=True, kw_only=True):
    """Measures what the containers of services have printed last, ended ones apart.

    Source: ``GET /containers/{id}/logs``; evidence holds counts, never lines.

    Readings:
        silent: services that have printed nothing.
        age: how long ago the service that is quiet for longest printed its newest
            line, in seconds; absent where all are silent.
        json: lines that are JSON objects with all `fields`.
        malformed: lines that begin like one and are none, or lack a field.
        plain: other lines.
        tracebacks: plain lines that begin a traceback.
        debug: JSON lines at DEBUG or below.

    Attributes:
        lines: how many of each container are read.
        fields: what each JSON line has to hold.

    Raises:
        ProbeError: the Engine cannot be asked, a service has no container, or the
            driver keeps no logs.
    """

    lines: int = 200
    fields: tuple[str, ...] = FIELDS

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("silent", "json", "malformed", "plain"), ""),
        **dict.fromkeys(("tracebacks", "debug"), ""),
        "age": "s",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"silent"})

    async def measure(self, sources: Sources) -> Measurement:
        names = dict.fromkeys(each.service for each in await self.containers(sources))
        found = await last_lines(sources, names, self.lines, self.host, self.project)
        newest = {line.service: line.time for line in found}
        silent = [service for service in names if service not in newest]
        now = datetime.now(UTC)
        ages = {
            service: (now - datetime.fromisoformat(time)).total_seconds()
            for service, time in newest.items()
        }
        kinds = structure((line.text for line in found), self.fields)
        readings = [
            Reading("silent", ", ".join(silent) or None),
            Reading("age", max(ages.values(), default=None), "s"),
            Reading("json", kinds.json),
            Reading("malformed", kinds.malformed),
            Reading("plain", kinds.plain),
            Reading("tracebacks", kinds.tracebacks),
            Reading("debug", kinds.debug),
        ]
        lines = [
            f"{service}: newest line {shown(Reading('age', age, 's'))} ago"
            for service, age in ages.items()
        ]
        lines += [f"{service}: no line" for service in silent]
        lines.append(str(kinds))
        return Measurement({each.name: each for each in readings}, "\n".join(lines))
