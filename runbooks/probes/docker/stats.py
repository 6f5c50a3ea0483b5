"""Probe of how much of their limits containers use."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.probes.base import Measurement
from runbooks.probes.docker.containers import Container
from runbooks.probes.docker.limits import cpus, memory
from runbooks.probes.docker.project import ProjectProbe
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading


class StatsProbe(ProjectProbe, frozen=True, kw_only=True):
    """Measures how much of its memory and CPU limits each container uses.

    Source: ``GET /containers/{id}/stats`` of the running ones. The Engine takes a
    second or two, because CPU time is counted twice. Memory is counted as Docker's
    own command does, without the cache of files that the kernel gives back.

    Readings:
        memory: the largest share of a memory limit in use, in percent; not there
            where no container has a limit.
        cpu: the same of CPU limits.

    Raises:
        ProbeError: the Engine cannot be asked, or a service has no container.
    """

    readings: ClassVar[Mapping[str, str]] = {"memory": "%", "cpu": "%"}

    async def measure(self, sources: Sources) -> Measurement:
        found = [each for each in await self.containers(sources) if each.running]
        stats = await asyncio.gather(*(self._stats(sources, each) for each in found))
        used = list(zip(found, stats, strict=True))
        shares = {
            "memory": [100 * _memory(s) / memory(c) for c, s in used if memory(c)],
            "cpu": [100 * _cpus(s) / cpus(c) for c, s in used if cpus(c)],
        }
        readings = [
            Reading(name, max(found), "%") for name, found in shares.items() if found
        ]
        lines = [_line(container, seen) for container, seen in used]
        return Measurement({each.name: each for each in readings}, "\n".join(lines))

    async def _stats(self, sources: Sources, container: Container) -> dict[str, Any]:
        key = ("stats", container.id)
        return await self.engine.ask(
            sources, key, lambda client: client.stats(container.id, stream=False)
        )


def _memory(stats: Mapping[str, Any]) -> float:
    """Return the bytes in use that the kernel could not give back at once."""
    counted = stats.get("memory_stats") or {}
    details = counted.get("stats") or {}
    # The name that version 1 of control groups has, then that of version 2.
    cache = details.get("total_inactive_file", details.get("inactive_file", 0))
    used = counted.get("usage", 0)
    return float(used - cache if cache < used else used)


def _cpus(stats: Mapping[str, Any]) -> float:
    """Return how many CPUs it kept busy between the two counts."""
    now, before = stats.get("cpu_stats") or {}, stats.get("precpu_stats") or {}
    spent = now["cpu_usage"]["total_usage"] - before["cpu_usage"]["total_usage"]
    passed = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    # The system's time is that of all its CPUs together.
    return float(spent / passed * now.get("online_cpus", 1)) if passed > 0 else 0.0


def _line(container: Container, stats: Mapping[str, Any]) -> str:
    limits = [
        f"of {shown(Reading('memory', memory(container), 'B'))}"
        if memory(container)
        else "without a limit",
        f"of {cpus(container):g}" if cpus(container) else "without a limit",
    ]
    used = shown(Reading("memory", _memory(stats), "B"))
    return (
        f"{container.service} ({container.name}): {used} {limits[0]}, "
        f"{_cpus(stats):.2g} CPUs {limits[1]}"
    )
