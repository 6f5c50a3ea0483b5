"""Removing images that have no name and that nobody uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from runbooks.actions.base import Action, Tell
from runbooks.actions.docker.identity import identity
from runbooks.actions.docker.sending import Request, send, version
from runbooks.actions.docker.services import short
from runbooks.changes import Change, Description, Identity, Progress, Thing, Undo
from runbooks.durations import seconds
from runbooks.errors import ActionError, ProbeError
from runbooks.parameters import Duration
from runbooks.probes.docker.containers import PROJECT, SERVICE
from runbooks.probes.docker.project import OfEngine
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading
from runbooks.tables import CommandClass

if TYPE_CHECKING:
    from docker import APIClient

Listed = Mapping[str, Any]


class PruneAction(OfEngine, Action, frozen=True, kw_only=True):
    """Removes dangling images: without a tag, and with no container made from them.

    Each is removed by its id, and only if it is still so: volumes, containers,
    networks and images with a tag are never touched.

    Source: ``GET /images/json`` with ``dangling=true``, ``GET /containers/json``.

    Attributes:
        age: only images made longer ago than that.
        project: name of the compose project by which the Engine is known.

    Raises:
        ProbeError: the Engine cannot be asked, or there is no such image.
    """

    age: Duration = Duration(seconds("0s"))
    project: str = ""

    command_class: ClassVar[CommandClass] = CommandClass.DESTRUCTIVE

    async def identity(self, sources: Sources) -> Identity:
        return await identity(self.engine, sources, self.project)

    async def snapshot(self, sources: Sources) -> Mapping[str, str]:
        unused, used = await self._dangling(sources)
        return {"dangling images": str(len(unused) + len(used))}

    async def describe(self, sources: Sources) -> Description:
        unused, used = await self._dangling(sources)
        before = datetime.now(UTC).timestamp() - self.age
        gone = [each for each in unused if each["Created"] <= before]
        if not gone:
            said = "no image without a tag is there that nobody uses"
            raise ProbeError(said, source=self.source, stage="query")
        api = await version(self.engine, sources)
        left = len(unused) + len(used) - len(gone)
        size = shown(Reading("size", sum(each["Size"] for each in gone), "B"))
        return Description(
            title=f"remove images without a tag: {len(gone)}, {size} at most",
            identity=await self.identity(sources),
            calls=tuple(_removal(api, each["Id"]).call for each in gone),
            things=tuple(_thing(each) for each in gone),
            changes=(
                Change("images without a tag", f"{left + len(gone)}", f"{left}"),
                *(Change(_named(each), _size(each), "removed") for each in gone),
            ),
            stays=(
                "volumes, containers, networks and images with a tag are kept",
                "layers that other images have in common with these are kept",
                *(f"{_named(each)} is kept: a container has it" for each in used),
            ),
            fights=tuple(_way_back(gone)),
            undo=Undo(irreversible="a removed image has to be built or fetched again"),
            point_of_no_return="the first image that is removed",
            snapshot=await self.snapshot(sources),
            outcome={"dangling images": f"{left}"},
            pins={"images": [each["Id"] for each in gone], "api": api},
        )

    async def perform(self, description: Description, tell: Tell) -> None:
        ids: Sequence[str] = description.pins["images"]
        done = 0
        async with Sources() as sources:
            for id in ids:
                request = _removal(description.pins["api"], id)
                try:
                    there = await self.engine.ask_again(sources, _unused)
                    kept = all(each["Id"] != id for each in there)
                    if not kept:
                        await send(self.engine, sources, request)
                except ProbeError as error:
                    refused = error.stage in ("login", "query")
                    raise ActionError(
                        f"{request}: {error}. {done} of {len(ids)} images were removed "
                        "before. Look at what is there (docker images --filter "
                        "dangling=true), then prune again.",
                        changed=bool(done) if refused else None,
                    ) from error
                done += 1
                said = "is gone, or has a name by now" if kept else "is removed"
                bars = {"images": (done, len(ids))}
                tell(Progress(says=f"{short(id)} {said}", bars=bars))

    async def _dangling(self, sources: Sources) -> tuple[list[Listed], list[Listed]]:
        """Return the images without a tag: those that nobody uses, and the others.

        The newest come first, because they may be made from the older ones.
        """
        everything = await self.engine.ask(
            sources, "dangling", lambda c: c.images(filters={"dangling": True})
        )
        unused = await self.engine.ask(sources, "unused", _unused)
        ids = {each["Id"] for each in unused}
        return unused, [each for each in everything if each["Id"] not in ids]


def _unused(client: APIClient) -> list[Listed]:
    images = client.images(filters={"dangling": True})
    used = {each["ImageID"] for each in client.containers(all=True)}
    unused = [each for each in images if each["Id"] not in used]
    return sorted(unused, key=lambda each: (-each["Created"], each["Id"]))


def _removal(api: str, id: str) -> Request:
    return Request("DELETE", f"/{api}/images/{id}")


def _thing(image: Listed) -> Thing:
    return Thing("image", _named(image), image["Id"])


def _named(image: Listed) -> str:
    """Return its id with where it is from and when it was made."""
    digests = image.get("RepoDigests") or ()
    names = [name.partition("@")[0] for name in digests]
    made = datetime.fromtimestamp(image["Created"], UTC).strftime("%Y-%m-%d %H:%M")
    known = [*(name for name in names if name != "<none>"), f"made {made}Z"]
    return f"{short(image['Id'])} ({', '.join(known)})"


def _size(image: Listed) -> str:
    return shown(Reading("size", image["Size"], "B"))


def _way_back(images: Sequence[Listed]) -> list[str]:
    """Return whose way back some of the images are."""
    said = []
    for each in images:
        labels = each.get("Labels") or {}
        if SERVICE in labels:
            said.append(
                f"{short(each['Id'])} was built for {labels[SERVICE]} of "
                f"{labels.get(PROJECT, 'a project')}: without it docker.recreate "
                "cannot go back to it"
            )
    return said
