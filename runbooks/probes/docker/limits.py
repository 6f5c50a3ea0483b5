"""Probe of the limits that containers have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.docker.containers import Container
from runbooks.probes.docker.project import ProjectProbe, services_where
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading


class LimitsProbe(ProjectProbe, frozen=True, kw_only=True):
    """Measures how much memory, CPU and how many processes services may have.

    Source: ``HostConfig`` of each container.

    Readings:
        without_memory, without_cpu, without_pids: services that have no such limit.
        memory: the smallest limit, in bytes; absent where a container has none.
        cpus: the smallest limit; absent where a container has none.

    Raises:
        ProbeError: the Engine cannot be asked, or a service has no container.
    """

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("without_memory", "without_cpu", "without_pids"), ""),
        "memory": "B",
        "cpus": "",
    }
    naming: ClassVar[frozenset[str]] = frozenset(
        {"without_memory", "without_cpu", "without_pids"}
    )

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.containers(sources)
        return measured(
            "\n".join(map(_line, found)),
            services_where("without_memory", found, lambda c: not memory(c)),
            services_where("without_cpu", found, lambda c: not cpus(c)),
            services_where("without_pids", found, lambda c: not _pids(c)),
            Reading("memory", _smallest(map(memory, found)), "B"),
            Reading("cpus", _smallest(map(cpus, found))),
        )


def memory(container: Container) -> int:
    """Return the limit in bytes, 0 without one."""
    return int(container.host_config.get("Memory") or 0)


def cpus(container: Container) -> float:
    """Return how many CPUs its processes may use together, 0.0 without a limit."""
    host_config = container.host_config
    if nano := host_config.get("NanoCpus"):
        return float(nano) / 1e9
    quota, period = host_config.get("CpuQuota") or 0, host_config.get("CpuPeriod")
    # The kernel's own period, for quotas that were given without one.
    return quota / (period or 100_000) if quota > 0 else 0.0


def _pids(container: Container) -> int:
    return max(0, int(container.host_config.get("PidsLimit") or 0))


def _smallest(limits: Iterable[float]) -> float | None:
    return min(limits) or None


def _line(container: Container) -> str:
    limits = [
        shown(Reading("memory", memory(container), "B")) if memory(container) else "",
        f"{cpus(container):g} CPUs" if cpus(container) else "",
        f"{_pids(container)} processes" if _pids(container) else "",
    ]
    said = ", ".join(filter(None, limits)) or "no limit"
    return f"{container.service} ({container.name}): {said}"
