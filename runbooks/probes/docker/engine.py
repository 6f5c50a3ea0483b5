"""Probe of a Docker Engine itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.docker.project import EngineProbe
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading


class EngineItselfProbe(EngineProbe, frozen=True, kw_only=True):
    """Measures whether an Engine answers and what it is.

    Source: ``GET /version`` and ``GET /info`` of the Engine API.

    Readings:
        answers: yes.
        api_version: the newest version of the API that it speaks, such as 1.41.
        version: of the Engine.
        nodes: hosts of its swarm, 1 without a swarm.
        id: what tells this Engine from others.
        storage_driver: such as ``overlay2``.
        directory: where it keeps images, volumes and logs.
        warnings: what it warns of; absent without.

    Raises:
        ProbeError: it cannot be asked.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "answers",
            "api_version",
            "version",
            "nodes",
            "id",
            "storage_driver",
            "directory",
            "warnings",
        ),
        "",
    )
    naming: ClassVar[frozenset[str]] = frozenset({"warnings"})

    async def measure(self, sources: Sources) -> Measurement:
        return await self.engine.ask(
            sources, "engine", lambda c: _measured(c.version(), c.info())
        )


def _measured(version: Mapping[str, Any], info: Mapping[str, Any]) -> Measurement:
    swarm = info["Swarm"] or {}
    warnings = ", ".join(info.get("Warnings") or ()) or None
    memory = shown(Reading("memory", info["MemTotal"], "B"))
    return measured(
        f"Engine {version['Version']} on {info['Name']}, API {version['ApiVersion']}, "
        f"{info['NCPU']} CPUs, {memory}\n"
        f"{info['Driver']} in {info['DockerRootDir']}\n"
        f"warns of: {warnings or 'nothing'}",
        Reading("answers", True),
        Reading("api_version", float(version["ApiVersion"])),
        Reading("version", version["Version"]),
        Reading("nodes", swarm.get("Nodes") or 1),
        Reading("id", info["ID"]),
        Reading("storage_driver", info["Driver"]),
        Reading("directory", info["DockerRootDir"]),
        Reading("warnings", warnings),
    )
