"""What else has to do with the containers: who would undo it, who depends on them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from runbooks.changes import Precondition
from runbooks.probes.docker.client import Engine
from runbooks.probes.docker.containers import Container, project_containers
from runbooks.probes.sources import Sources

DEPENDS_ON = "com.docker.compose.depends_on"
SWARM = "com.docker.swarm.service.name"
_UPDATER = re.compile(r"(watchtower|ouroboros)(?=$|[:@])")
_HEALER = re.compile(r"(autoheal)(?=$|[:@])")
_LEAVE = "com.centurylinklabs.watchtower.enable"


async def robots(
    sources: Sources, engine: Engine, found: Iterable[Container]
) -> list[str]:
    """Return who else on this Engine changes these containers by itself.

    Source: ``GET /containers/json``: they are known by their image.

    Raises:
        ProbeError: the Engine cannot be asked.
    """
    running = await engine.ask(sources, "running", lambda client: client.containers())
    left = all(each.labels.get(_LEAVE) == "false" for each in found)
    said = []
    for each in running:
        name = each["Names"][0].lstrip("/") if each["Names"] else each["Id"][:12]
        if _UPDATER.search(each["Image"]) and not left:
            said.append(
                f"{name} ({each['Image']}) recreates containers with the newest image "
                "of their tag, whatever they run: stop it as long as it may not"
            )
        if _HEALER.search(each["Image"]):
            said.append(
                f"{name} ({each['Image']}) restarts containers that are unhealthy"
            )
    return said


async def dependants(
    sources: Sources, engine: Engine, found: Iterable[Container]
) -> list[str]:
    """Return which other services depend on these, as Compose was told.

    Source: the label ``com.docker.compose.depends_on``, which Compose 1 did not write.

    Raises:
        ProbeError: the Engine cannot be asked.
    """
    services, project = _services(found)
    others = await project_containers(sources, engine, project)
    said: dict[str, None] = {}
    for other in others:
        for name, condition, restart in _needs(other):
            if name not in services or other.service in services:
                continue
            what = f"{other.service} depends on {name} ({condition})"
            if restart:
                what += "; Compose would restart it with it, this does not"
            said.setdefault(what)
    return list(said)


async def supported(
    sources: Sources, engine: Engine, found: Iterable[Container]
) -> list[Precondition]:
    """Return whether what the services depend on is there, as far as it is not theirs.

    Raises:
        ProbeError: the Engine cannot be asked.
    """
    found = list(found)
    services, project = _services(found)
    others = await project_containers(sources, engine, project)
    said: dict[Precondition, None] = {}
    for each in found:
        for name, condition, _ in _needs(each):
            if name in services:
                continue
            theirs = [other for other in others if other.service == name]
            holds = bool(theirs) and all(_serves(other, condition) for other in theirs)
            word = "is so" if holds else "is not so"
            what = f"{each.service} needs {name} to be {condition}, and it {word}"
            said.setdefault(Precondition(what, holds))
    return list(said)


def swarm(found: Iterable[Container]) -> list[Precondition]:
    """Return what forbids to change containers that a swarm keeps."""
    return [
        Precondition(
            f"{each.name} belongs to the swarm's service {each.labels[SWARM]}, which "
            "replaces it by itself: use docker service",
            False,
        )
        for each in found
        if SWARM in each.labels
    ]


def _services(found: Iterable[Container]) -> tuple[set[str], str]:
    found = list(found)
    return {each.service for each in found}, found[0].project


def _needs(container: Container) -> Iterator[tuple[str, str, bool]]:
    """Yield service, condition, and whether it is restarted with that service."""
    for part in container.labels.get(DEPENDS_ON, "").split(","):
        name, _, rest = part.partition(":")
        condition, _, restart = rest.partition(":")
        if name:
            words = condition.removeprefix("service_").replace("_", " ")
            yield name, words or "started", restart == "true"


def _serves(container: Container, condition: str) -> bool:
    if condition == "completed successfully":
        ended = container.state["Status"] == "exited"
        return bool(ended and container.state["ExitCode"] == 0)
    if condition == "healthy":
        return container.ready
    return container.running
