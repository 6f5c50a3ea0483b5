"""The containers of a compose project, inspected once a pass.

What Compose has made is found by its labels, never by names, because every
deployment names them differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from runbooks.errors import ProbeError
from runbooks.probes.docker.client import Engine
from runbooks.probes.sources import Sources

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
ONE_OFF = "com.docker.compose.oneoff"
NUMBER = "com.docker.compose.container-number"


@dataclass(frozen=True, slots=True)
class Container:
    """One container, as ``GET /containers/{id}/json`` describes it.

    Attributes:
        inspected: the answer as it came; ``Config.Env`` in it holds secrets.
    """

    inspected: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.inspected["Id"])

    @property
    def name(self) -> str:
        return str(self.inspected["Name"]).lstrip("/")

    @property
    def labels(self) -> Mapping[str, str]:
        return self.config.get("Labels") or {}

    @property
    def project(self) -> str:
        """Name of its compose project, "" of a container that has none."""
        return self.labels.get(PROJECT, "")

    @property
    def service(self) -> str:
        return self.labels.get(SERVICE, self.name)

    @property
    def config(self) -> Mapping[str, Any]:
        """What its image and its service say together."""
        return self.inspected["Config"]  # type: ignore[no-any-return]

    @property
    def host_config(self) -> Mapping[str, Any]:
        """What it may use of the host."""
        return self.inspected["HostConfig"]  # type: ignore[no-any-return]

    @property
    def state(self) -> Mapping[str, Any]:
        return self.inspected["State"]  # type: ignore[no-any-return]

    @property
    def image(self) -> str:
        """Id of the image that it was made from, ``sha256:…``."""
        return str(self.inspected["Image"])

    @property
    def running(self) -> bool:
        """Whether its process is there; one that waits to be restarted is not."""
        return bool(self.state["Running"]) and not self.state["Restarting"]

    @property
    def health(self) -> str:
        """``starting``, ``healthy`` or ``unhealthy``, "" where nothing checks."""
        status = (self.state.get("Health") or {}).get("Status", "")
        return "" if status == "none" else str(status)

    @property
    def ready(self) -> bool:
        """Whether it runs and is healthy, or nothing checks it."""
        return self.running and self.health in ("", "healthy")

    def looping(self, settled: float) -> bool:
        """Whether the Engine keeps restarting it.

        Args:
            settled: how long it has to run to be no longer looping, in seconds.
        """
        if self.state["Restarting"]:
            return True
        if not self.inspected["RestartCount"] or not self.running:
            return False
        started = datetime.fromisoformat(self.state["StartedAt"])
        return (datetime.now(UTC) - started).total_seconds() < settled


async def project_containers(
    sources: Sources, engine: Engine, project: str = ""
) -> list[Container]:
    """Return every container of a project, those that have ended included.

    Those of ``docker compose run`` are left out: they are no part of the service.

    Args:
        project: name of the compose project; without one there may be only one.

    Raises:
        ProbeError: the Engine cannot be asked, has no container of the project, or
            has several projects and nobody said which.
    """
    label = f"{PROJECT}={project}" if project else PROJECT
    inspected = map(Container, await engine.inspect(sources, label))
    found = [each for each in inspected if each.labels.get(ONE_OFF) != "True"]
    projects = sorted({each.labels[PROJECT] for each in found})
    if len(projects) > 1:
        said = f"{', '.join(projects)} run there: name project under [docker]"
        raise ProbeError(said, source=engine.source, stage="configuration")
    if not found:
        of = f"the compose project {project}" if project else "any compose project"
        said = f"{engine.name} has no container of {of}"
        raise ProbeError(said, source=engine.source, stage="query")
    return sorted(found, key=lambda each: (each.service, each.name))
