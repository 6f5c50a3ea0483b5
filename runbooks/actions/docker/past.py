"""What each service of the project runs, and the images that it could go back to.

An Engine keeps no history of a service: of the images that are there it is known when
they were made, and not whether they ever ran.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from runbooks.actions.describing import make
from runbooks.actions.docker.pinned import Pinned
from runbooks.actions.docker.previous import Image, candidates, image_named
from runbooks.actions.docker.recreate import WATCH, RecreateAction, forgotten
from runbooks.actions.docker.services import short
from runbooks.changes import Revision
from runbooks.probes.docker.containers import Container, project_containers
from runbooks.probes.sources import Sources
from runbooks.tables import ActionSpec
from runbooks.target import Target

MOST = 8
"""Images of one service that are told, the newest ones."""


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
    told = [each for each in ordered[:MOST] if each.id not in running]
    told += [known[id] for id in running]
    told.sort(key=lambda each: each.made, reverse=True)
    takes = sum(Pinned.at(each).grace + action.patience for each in those)
    return [
        _live(each, running[each.id])
        if each.id in running
        else Revision(
            workload=f"service {those[0].service}",
            revision=_called(each, ()),
            image=_tags(each),
            undo=action.undone_by("docker.recreate", those, image=each.id),
            takes=takes,
            point_of_no_return=forgotten([each.image for each in those]),
            watch=WATCH,
        )
        for each in told
    ]


def _live(image: Image, containers: Sequence[Container]) -> Revision:
    return Revision(
        workload=f"service {containers[0].service}",
        revision=_called(image, containers),
        image=_tags(image),
        at=min(str(each.inspected["Created"]) for each in containers),
        healthy=_steady(containers),
        live=True,
    )


def _tags(image: Image) -> str:
    return ", ".join(image.tags) or "an image without a tag"


def _called(image: Image, containers: Sequence[Container]) -> str:
    """Return what an image is known by, and which containers of it do not serve."""
    said = [short(image.id)]
    if image.made:
        said.append(f"made {image.made[:16]}Z")
    if bad := [each.name for each in containers if not each.ready]:
        said.append(f"not ready: {', '.join(bad)}")
    return ", ".join(said)


def _steady(running: Sequence[Container]) -> float | None:
    """Return for how long all of them have run without a break, in seconds."""
    if not all(each.ready for each in running):
        return None
    began = max(str(each.state["StartedAt"]) for each in running)
    return (datetime.now(UTC) - datetime.fromisoformat(began)).total_seconds()
