"""Recreating services with another image: the way back from a bad release."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

from runbooks.actions.base import Tell
from runbooks.actions.docker.composing import ByCompose
from runbooks.actions.docker.copying import ByCopy
from runbooks.actions.docker.pinned import Pinned
from runbooks.actions.docker.previous import (
    Image,
    candidates,
    image_named,
    meant,
    previous,
)
from runbooks.actions.docker.room import room
from runbooks.actions.docker.services import (
    ServicesAction,
    listed,
    pinned,
    short,
    snapshot,
    up,
)
from runbooks.actions.docker.surroundings import dependants, robots, supported, swarm
from runbooks.actions.docker.way import Wanted, Way
from runbooks.changes import Change, Description, Undo
from runbooks.durations import seconds
from runbooks.errors import ProbeError
from runbooks.parameters import Duration
from runbooks.probes.docker.containers import Container
from runbooks.probes.sources import Sources

WAYS: Sequence[Way] = (ByCompose(), ByCopy())
WATCH = "a service is unhealthy or looping (docker.services), or more requests fail"
"""What should make one go back."""


class RecreateAction(ServicesAction, frozen=True, kw_only=True):
    """Recreates services with the previous image, or with one that is named.

    Docker's compose command does it where it is there, from the project's own files,
    so that settings changed in them come too. Where it is not, each container is
    replaced by a copy with the settings that it has; the old one is kept until the
    new one is ready, and comes back if that does not become so.

    Attributes:
        image: id or name of the image; without it the newest one that is older than
            the one that runs.
        way: ``compose`` or ``copy``; without it the first that can be gone.

    Raises:
        ProbeError: the Engine cannot be asked, a service has no container, there is
            no such image, or it runs already.
    """

    image: str = ""
    way: Literal["", "compose", "copy"] = ""
    timeout: Duration = Duration(seconds("30s"))

    counts_rows: ClassVar[bool] = True

    async def describe(self, sources: Sources) -> Description:
        found = await self.chosen(sources)
        known = await candidates(sources, self.engine, found)
        wanted = Wanted(self.engine, found, await self._image(sources, found, known))
        way, why = await self._way(sources, wanted)
        pins = [Pinned.at(each) for each in found]
        services = listed(pin.service for pin in pins)
        return Description(
            title=f"recreate {services} with the image {wanted.image}",
            identity=await self.identity(sources),
            calls=await way.calls(sources, wanted),
            things=tuple(pin.thing for pin in pins),
            changes=(
                *await self._images(sources, wanted),
                *await way.changes(sources, wanted),
            ),
            stays=(
                "volumes and what is in them stay, a database's schema too",
                *why,
                *await way.stays(sources, wanted),
                *_others(known, wanted),
            ),
            fights=(
                *await robots(sources, self.engine, found),
                *await dependants(sources, self.engine, found),
            ),
            preconditions=(
                *swarm(found),
                *await supported(sources, self.engine, found),
                *await room(sources, self.engine, wanted.image.size, len(found)),
                *await way.preconditions(sources, wanted),
            ),
            undo=self._undo(found),
            loose_end=_left(wanted),
            seconds=sum(pin.grace + self.patience for pin in pins),
            point_of_no_return=forgotten([each.image for each in found]),
            watch=WATCH,
            snapshot=snapshot(found),
            outcome={
                **up(found),
                **{f"{each.name} image": wanted.image.id for each in found},
            },
            pins={"containers": pins, "image": wanted.image.id, "way": way.name},
        )

    async def perform(self, description: Description, tell: Tell) -> None:
        pins = pinned(description)
        (way,) = (way for way in WAYS if way.name == description.pins["way"])
        async with Sources() as sources:
            ahead = f"To go back: {description.undo}."
            work = self.work(sources, tell, description, ahead)
            for pin in pins:
                await work.check(pin)
            wanted = await work.asked(self._again(sources, description))
            await way.go(sources, wanted, pins, work, self)

    async def _again(self, sources: Sources, description: Description) -> Wanted:
        """Return what was described, looked at anew: what it holds is secret."""
        ids = [pin.id for pin in pinned(description)]
        found = await self.engine.inspect_again(sources, ids)
        image = await image_named(sources, self.engine, description.pins["image"])
        return Wanted(self.engine, [Container(each) for each in found], image)

    async def _image(
        self, sources: Sources, found: Sequence[Container], known: Sequence[Image]
    ) -> Image:
        """Return the image that is to run.

        Raises:
            ProbeError: nobody knows which, it is not there, or runs already.
        """
        running = {each.image for each in found}
        if self.image:
            image = await image_named(sources, self.engine, self.image)
            if running == {image.id}:
                said = f"{', '.join(self.services)} run {image} already"
                raise ProbeError(said, source=self.source, stage="query")
            return image
        if len(running) > 1:
            said = "their containers run different images: name the one to go back to"
            raise ProbeError(said, source=self.source, stage="configuration")
        current = await image_named(sources, self.engine, *running)
        before = previous(known, current)
        if before is None:
            others = "; ".join(str(each) for each in known if each.id != current.id)
            said = f"there is no older image than {current}"
            said += f", but {others}: name one" if others else ": fetch and name one"
            raise ProbeError(said, source=self.source, stage="query")
        return before

    async def _way(
        self, sources: Sources, wanted: Wanted
    ) -> tuple[Way, tuple[str, ...]]:
        """Return the way to go, and what to know about that.

        Raises:
            ProbeError: the one that was asked for cannot be gone.
        """
        why: tuple[str, ...] = ()
        for way in WAYS:
            if self.way and way.name != self.way:
                continue
            hindrance = await way.hindrance(sources, wanted)
            doubt = "" if hindrance else await way.doubt(sources, wanted)
            if doubt and self.way:
                return way, (f"beware: {doubt}",)
            if not hindrance and not doubt:
                return way, why
            why = (*why, f"not by docker {way.name}: {hindrance or doubt}")
        raise ProbeError("; ".join(why), source=self.source, stage="configuration")

    async def _images(self, sources: Sources, wanted: Wanted) -> list[Change]:
        """Return what each service runs, and what it will."""
        said: dict[Change, None] = {}
        for each in wanted.found:
            now = await image_named(sources, self.engine, each.image)
            change = Change(f"image of {each.service}", str(now), str(wanted.image))
            said.setdefault(change)
        return list(said)

    def _undo(self, found: Sequence[Container]) -> Undo:
        before = {each.image for each in found}
        if len(before) > 1:
            return Undo(irreversible="the containers had different images before")
        return self.undone_by("docker.recreate", found, image=before.pop())


def forgotten(images: Iterable[str]) -> str:
    """Return when the images that ran before cannot be gone back to any more."""
    known = ", ".join(dict.fromkeys(short(image) for image in images))
    return f"once {known} is removed from the Engine (docker image prune --all)"


def _left(wanted: Wanted) -> str:
    """Return what is different then from what the compose file says, or ""."""
    id, tags = short(wanted.image.id), wanted.image.tags
    said = {each.service: meant(each) for each in wanted.found}
    other = [
        f"{service} runs {id}, and its compose file says {name or 'something else'}"
        for service, name in said.items()
        if name not in tags and f"{name}:latest" not in tags
    ]
    if not other:
        return ""
    return f"{'; '.join(other)}: the next docker compose up brings that back"


def _others(known: Sequence[Image], wanted: Wanted) -> list[str]:
    """Return which other images could have been meant."""
    used = {wanted.image.id, *(each.image for each in wanted.found)}
    others = [str(each) for each in known if each.id not in used]
    return [f"other images that are here: {'; '.join(others)}"] if others else []
