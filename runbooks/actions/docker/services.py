"""What the actions on services of a compose project have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runbooks.actions.base import Action, Tell
from runbooks.actions.docker.identity import identity
from runbooks.actions.docker.pinned import Pinned, broken
from runbooks.actions.docker.settings import digest
from runbooks.actions.docker.work import Work
from runbooks.changes import Description, Identity, Undo
from runbooks.durations import seconds
from runbooks.errors import ProbeError
from runbooks.parameters import Duration
from runbooks.probes.base import SOURCE
from runbooks.probes.docker.containers import NUMBER, Container, project_containers
from runbooks.probes.docker.project import OfProject
from runbooks.probes.sources import Sources

_REVISION = ("version", "revision")


class ServicesAction(OfProject, Action, frozen=True, kw_only=True):
    """Acts on the containers of services that are named.

    Attributes:
        services: in the order in which they are dealt with.
        patience: how long each container may take to become ready.
        settle: how long a container that nothing checks has to run on to be ready.
    """

    patience: Duration = Duration(seconds("2m"))
    settle: Duration = Duration(seconds("10s"))

    async def identity(self, sources: Sources) -> Identity:
        found = await project_containers(sources, self.engine, self.project)
        return await identity(self.engine, sources, found[0].project)

    async def snapshot(self, sources: Sources) -> Mapping[str, str]:
        """Return what is compared: how many containers there are, and of each its
        image, revision, state, health and settings."""
        return snapshot(await self.those_there(sources))

    async def chosen(self, sources: Sources) -> list[Container]:
        """Return the containers of the services, in order.

        Within a service those that are broken come first: there is nothing to
        lose with them, and if they do not become so, the others still serve.

        Raises:
            ProbeError: none is named, or one has no container.
        """
        if not self.services:
            said = 'name the services, such as services = ["api", "worker"]'
            raise ProbeError(said, source=SOURCE, stage="configuration")
        found = await self.containers(sources)
        return sorted(
            found,
            key=lambda each: (
                self.services.index(each.service),
                not broken(each),
                int(each.labels.get(NUMBER) or 0),
                each.name,
            ),
        )

    def undone_by(self, use: str, found: Iterable[Container], **more: Any) -> Undo:
        """Return the action that takes this one back, at the same place."""
        where = {"project": next(iter(found)).project}
        if self.host and "@" not in self.host:
            where["host"] = self.host
        return Undo(use, {"services": list(self.services), **where, **more})

    def work(
        self, sources: Sources, tell: Tell, description: Description, ahead: str
    ) -> Work:
        """Return the change under way."""
        return Work(self.engine, sources, tell, pinned(description), ahead)


def pinned(description: Description) -> Sequence[Pinned]:
    """Return the containers of a description, as it saw them."""
    return tuple(description.pins["containers"])


def snapshot(found: Iterable[Container]) -> dict[str, str]:
    """Return what tells one state of containers from another."""
    state = {}
    counts = Counter(each.service for each in found)
    for service, count in counts.items():
        state[f"{service} containers"] = str(count)
    for each in found:
        state[f"{each.name} image"] = each.image
        if revision := _revision(each):
            state[f"{each.name} revision"] = revision
        state[f"{each.name} state"] = str(each.state["Status"])
        if each.health:
            state[f"{each.name} health"] = each.health
        state[f"{each.name} settings"] = digest(each)
    return state


def _revision(container: Container) -> str:
    """Return what the image says of itself, by labels that builds agree upon.

    Source: https://specs.opencontainers.org/image-spec/annotations/
    """
    said = (container.labels.get(f"org.opencontainers.image.{n}") for n in _REVISION)
    return " ".join(filter(None, said))


def up(found: Iterable[Container]) -> dict[str, str]:
    """Return the part of `snapshot` that says that these containers serve."""
    state = {}
    for each in found:
        state[f"{each.name} image"] = each.image
        state[f"{each.name} state"] = "running"
        if checked(each):
            state[f"{each.name} health"] = "healthy"
    return state


def checked(container: Container) -> bool:
    """Whether something checks its health."""
    test = (container.config.get("Healthcheck") or {}).get("Test") or ["NONE"]
    return bool(test[0] != "NONE")


def listed(names: Iterable[str]) -> str:
    """Return different names as people read them: ``api, worker``."""
    return ", ".join(dict.fromkeys(names))


def short(id: str) -> str:
    """Return an id as Docker's own command shows it."""
    return id.removeprefix("sha256:")[:12]
