"""What each service of the project runs, and the images that it could go back to.

An Engine keeps no history of a service: of the images that are there it is known when
they were made, and not whether they ever ran.
"""

from __future__ import annotations

from collections.abc import Sequence

from runbooks.actions.describing import make
from runbooks.actions.docker.previous import Image, candidates, image_named
from runbooks.actions.docker.recreate import RecreateAction
from runbooks.actions.docker.services import short
from runbooks.changes import Revision, Undo
from runbooks.probes.docker.containers import Container, project_containers
from runbooks.probes.sources import Sources
from runbooks.tables import ActionSpec
from runbooks.target import Target


async def history(target: Target) -> list[Revision]:
    """Return the images of each service of the project, the newest first.

    Raises:
        ProbeError: the Engine cannot be asked, or has no container of the project.
    """
    async with Sources() as sources:
        action = await _asking(target, sources)
        found = await project_containers(sources, action.engine, action.project)
        past: list[Revision] = []
        for service in dict.fromkeys(each.service for each in found):
            those = [each for each in found if each.service == service]
            action = await _asking(target, sources, service)
            past += await _of_service(action, sources, those)
    return past


async def _asking(target: Target, sources: Sources, *services: str) -> RecreateAction:
    asked = ActionSpec("docker.recreate", {"services": list(services)})
    action = await make(asked, target, sources)
    assert isinstance(action, RecreateAction)
    return action


async def _of_service(
    action: RecreateAction, sources: Sources, those: Sequence[Container]
) -> list[Revision]:
    known = {each.id: each for each in await candidates(sources, action.engine, those)}
    running: dict[str, list[Container]] = {}
    for each in those:
        running.setdefault(each.image, []).append(each)
    for id in running.keys() - known.keys():
        known[id] = await image_named(sources, action.engine, id)
    ordered = sorted(known.values(), key=lambda each: each.made, reverse=True)
    return [
        Revision(
            workload=f"service {those[0].service}",
            revision=_called(each, running.get(each.id, ())),
            image=", ".join(each.tags) or "an image without a tag",
            at=_since(running.get(each.id, ())),
            live=each.id in running,
            undo=Undo()
            if each.id in running
            else action.undone_by("docker.recreate", those, image=each.id),
        )
        for each in ordered
    ]


def _called(image: Image, containers: Sequence[Container]) -> str:
    """Return what an image is known by, and which containers of it do not serve."""
    said = [short(image.id)]
    if image.made:
        said.append(f"made {image.made[:16]}Z")
    if bad := [each.name for each in containers if not each.ready]:
        said.append(f"not ready: {', '.join(bad)}")
    return ", ".join(said)


def _since(containers: Sequence[Container]) -> str:
    """Return when the oldest of the containers was made, "" without any."""
    return min((str(each.inspected["Created"]) for each in containers), default="")
