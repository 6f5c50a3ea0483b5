"""Restarting services: one container after the other, each waited for."""

from __future__ import annotations

from collections.abc import Sequence

from runbooks.actions.base import Tell
from runbooks.actions.docker.keeping import kept
from runbooks.actions.docker.pinned import Pinned, broken
from runbooks.actions.docker.recreate import WATCH
from runbooks.actions.docker.sending import Request, version
from runbooks.actions.docker.services import (
    ServicesAction,
    listed,
    pinned,
    short,
    snapshot,
    up,
)
from runbooks.actions.docker.surroundings import dependants, robots, supported, swarm
from runbooks.changes import Change, Description, Precondition, Undo
from runbooks.probes.docker.containers import Container
from runbooks.probes.sources import Sources

AHEAD = (
    "Containers that were not restarted yet are left as they are. Read the last lines "
    "of the one that is not ready (docker logs), then restart again, or run the "
    "previous image with docker.recreate."
)


class RestartAction(ServicesAction, frozen=True, kw_only=True):
    """Restarts the containers of services, in the order in which they are named.

    Each has to be healthy, or to run on, before the next one is restarted. They keep
    their image and settings: what has changed in the files since is told.

    Raises:
        ProbeError: the Engine cannot be asked, or a service has no container.
    """

    async def describe(self, sources: Sources) -> Description:
        found = await self.chosen(sources)
        pins = [Pinned.at(each) for each in found]
        api = await version(self.engine, sources)
        patience = sum(pin.grace + self.patience for pin in pins)
        return Description(
            title=f"restart {', then '.join(self.services)}",
            identity=await self.identity(sources),
            calls=tuple(_restart(api, pin).call for pin in pins),
            things=tuple(pin.thing for pin in pins),
            changes=tuple(_outages(found)),
            stays=(
                *_images(found),
                *await kept(sources, self.engine, found),
            ),
            fights=(
                *await robots(sources, self.engine, found),
                *await dependants(sources, self.engine, found),
            ),
            preconditions=(
                *swarm(found),
                *await supported(sources, self.engine, found),
                *_readiness(found),
            ),
            undo=Undo(
                irreversible="what the containers had in memory is gone; they have the "
                "image and settings that they had before"
            ),
            seconds=patience,
            point_of_no_return="the first container that is restarted",
            watch=f"{WATCH}: a restart brings no other image, docker.recreate does",
            snapshot=snapshot(found),
            outcome=up(found),
            pins={"containers": pins, "api": api},
        )

    async def perform(self, description: Description, tell: Tell) -> None:
        pins = pinned(description)
        async with Sources() as sources:
            work = self.work(sources, tell, description, AHEAD)
            for pin in pins:
                await work.check(pin)
                work.say(f"restarting {pin.name} ({short(pin.id)})")
                await work.send(_restart(description.pins["api"], pin))
                await work.until_ready(pin.id, pin.name, self.patience, self.settle)
                work.done(pin, f"{pin.name} is ready")


def _restart(api: str, pin: Pinned) -> Request:
    path = f"/{api}/containers/{pin.id}/restart"
    return Request("POST", path, {"t": str(pin.grace)}, pin.grace)


def _outages(found: Sequence[Container]) -> list[Change]:
    """Return what the restart does to each service meanwhile."""
    said = []
    for service in dict.fromkeys(each.service for each in found):
        count = sum(each.service == service for each in found)
        after = (
            "one restarts after the other" if count > 1 else "none while it restarts"
        )
        said.append(Change(f"containers of {service}", f"{count}", after))
    return said


def _images(found: Sequence[Container]) -> list[str]:
    said = (
        f"{each.service} keeps its image {each.config['Image']} ({short(each.image)})"
        for each in found
    )
    return list(dict.fromkeys(said))


def _readiness(found: Sequence[Container]) -> list[Precondition]:
    ill = listed(each.name for each in found if broken(each))
    said = "all containers run, and none is unhealthy"
    if ill:
        said = f"{ill} do not run well: they come first, the others only after them"
    return [Precondition(said, True)]
