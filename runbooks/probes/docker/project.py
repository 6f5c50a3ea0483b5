"""What all that looks at an Engine and its compose project has in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.parameters import Parametrised
from runbooks.probes.base import Probe
from runbooks.probes.docker.client import Engine
from runbooks.probes.docker.containers import Container, project_containers
from runbooks.probes.sources import Sources
from runbooks.results import Reading
from runbooks.target import Target, lookup


class OfEngine(Parametrised, frozen=True, kw_only=True):
    """Has to do with one Docker Engine.

    Attributes:
        host: URL of the Engine or path of its socket; empty it is where
            ``DOCKER_HOST`` says, or the usual socket.
    """

    host: str = ""

    table: ClassVar[str] = "docker"

    @classmethod
    def with_defaults(
        cls, parameters: Mapping[str, Any], target: Target
    ) -> dict[str, Any]:
        """Return *parameters* with what the profile adds to them.

        Raises:
            ProbeError: neither it nor they mention an Engine: the one of whoever
                looks may have nothing to do with the deployment.
        """
        if cls.table not in target.tables and "host" not in parameters:
            lookup(target, f"{cls.table}.host")
        return super().with_defaults(parameters, target)

    @property
    def engine(self) -> Engine:
        return Engine.at(self.host)

    @property
    def source(self) -> str:
        return self.engine.source


class OfProject(OfEngine, frozen=True, kw_only=True):
    """Has to do with the containers of one compose project.

    Attributes:
        project: name of the compose project; without one there may be only one.
        services: those that are meant, all where none is named.
    """

    project: str = ""
    services: tuple[str, ...] = ()

    async def containers(self, sources: Sources) -> list[Container]:
        """Return the containers of the services, at least one of each.

        Raises:
            ProbeError: a service has none, so that nothing can be said of it.
        """
        found = await self.those_there(sources)
        if missing := self.missing(found):
            said = f"there is no container of {', '.join(missing)}"
            raise ProbeError(said, source=self.source, stage="query")
        return found

    async def those_there(self, sources: Sources) -> list[Container]:
        """Return the containers of the services, as far as there are any."""
        found = await project_containers(sources, self.engine, self.project)
        return [c for c in found if not self.services or c.service in self.services]

    def missing(self, containers: Iterable[Container]) -> list[str]:
        """Return the services that were named and have no container."""
        there = {container.service for container in containers}
        return [service for service in self.services if service not in there]


class EngineProbe(OfEngine, Probe, frozen=True, kw_only=True):
    """Asks one Docker Engine."""

    server: ClassVar[str] = "Docker Engine"


class ProjectProbe(OfProject, EngineProbe, frozen=True, kw_only=True):
    """Looks at the containers of one compose project."""

    @property
    def thing(self) -> str:
        return " ".join([self.source, ", ".join(self.services) or "all services"])


def services_where(
    name: str, containers: Iterable[Container], holds: Callable[[Container], object]
) -> Reading:
    """Return a reading that names the services with a container where it holds.

    It is absent when there is none.
    """
    found = dict.fromkeys(each.service for each in containers if holds(each))
    return Reading(name, ", ".join(found) or None)
