"""Stopping services, and starting them again: each takes the other back."""

from __future__ import annotations

from collections.abc import Iterable

from runbooks.actions.base import Tell
from runbooks.actions.docker.pinned import Pinned
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
from runbooks.changes import Change, Description
from runbooks.errors import ProbeError
from runbooks.probes.docker.containers import Container
from runbooks.probes.sources import Sources

STOPPING = (
    "What still runs is left running. Stop again, or start what has stopped with "
    "docker.start."
)
STARTING = (
    "What was not started yet is left as it is. Read the last lines of the one that is "
    "not ready (docker logs), then start again."
)


class StopAction(ServicesAction, frozen=True, kw_only=True):
    """Stops the containers of services that run, in the order that is named.

    Raises:
        ProbeError: the Engine cannot be asked, a service has no container, or none
            runs.
    """

    async def describe(self, sources: Sources) -> Description:
        found = [c for c in await self.chosen(sources) if c.state["Running"]]
        if not found:
            said = f"no container of {', '.join(self.services)} runs"
            raise ProbeError(said, source=self.source, stage="query")
        pins = [Pinned.at(each) for each in found]
        api = await version(self.engine, sources)
        services = listed(pin.service for pin in pins)
        return Description(
            title=f"stop {services}",
            identity=await self.identity(sources),
            calls=tuple(_stop(api, pin).call for pin in pins),
            things=tuple(pin.thing for pin in pins),
            changes=tuple(Change(f"{pin.name}", pin.status, "stopped") for pin in pins),
            stays=("containers, volumes and networks are kept",),
            fights=(
                *_policies(found),
                *await robots(sources, self.engine, found),
                *await dependants(sources, self.engine, found),
            ),
            preconditions=tuple(swarm(found)),
            undo=self.undone_by("docker.start", found),
            loose_end=f"{services} stopped until docker.start",
            seconds=sum(pin.grace for pin in pins),
            point_of_no_return="once a container is removed (docker compose down)",
            watch="whoever needs it fails: see what it says it is needed by",
            snapshot=snapshot(await self.chosen(sources)),
            outcome={f"{pin.name} state": "exited" for pin in pins},
            pins={"containers": pins, "api": api},
        )

    async def perform(self, description: Description, tell: Tell) -> None:
        async with Sources() as sources:
            work = self.work(sources, tell, description, STOPPING)
            for pin in pinned(description):
                await work.check(pin)
                work.say(f"stopping {pin.name} ({short(pin.id)})")
                await work.send(_stop(description.pins["api"], pin))
                work.done(pin, f"{pin.name} has stopped")


class StartAction(ServicesAction, frozen=True, kw_only=True):
    """Starts the containers of services that do not run, and waits for each.

    Raises:
        ProbeError: the Engine cannot be asked, a service has no container, or all
            run.
    """

    async def describe(self, sources: Sources) -> Description:
        found = [c for c in await self.chosen(sources) if not c.state["Running"]]
        if not found:
            said = f"every container of {', '.join(self.services)} runs already"
            raise ProbeError(said, source=self.source, stage="query")
        pins = [Pinned.at(each) for each in found]
        api = await version(self.engine, sources)
        return Description(
            title=f"start {listed(pin.service for pin in pins)}",
            identity=await self.identity(sources),
            calls=tuple(_start(api, pin).call for pin in pins),
            things=tuple(pin.thing for pin in pins),
            changes=tuple(Change(f"{pin.name}", pin.status, "running") for pin in pins),
            stays=("image and settings are those that the containers were made with",),
            fights=tuple(await robots(sources, self.engine, found)),
            preconditions=(
                *swarm(found),
                *await supported(sources, self.engine, found),
            ),
            undo=self.undone_by("docker.stop", found),
            seconds=len(pins) * self.patience,
            watch=WATCH,
            snapshot=snapshot(await self.chosen(sources)),
            outcome=up(found),
            pins={"containers": pins, "api": api},
        )

    async def perform(self, description: Description, tell: Tell) -> None:
        async with Sources() as sources:
            work = self.work(sources, tell, description, STARTING)
            for pin in pinned(description):
                await work.check(pin)
                work.say(f"starting {pin.name} ({short(pin.id)})")
                await work.send(_start(description.pins["api"], pin))
                await work.until_ready(pin.id, pin.name, self.patience, self.settle)
                work.done(pin, f"{pin.name} is ready")


def _stop(api: str, pin: Pinned) -> Request:
    path = f"/{api}/containers/{pin.id}/stop"
    return Request("POST", path, {"t": str(pin.grace)}, pin.grace)


def _start(api: str, pin: Pinned) -> Request:
    return Request("POST", f"/{api}/containers/{pin.id}/start")


def _policies(found: Iterable[Container]) -> list[str]:
    """Return which containers the Engine starts again by itself.

    One with ``unless-stopped`` stays stopped, also when the Engine is restarted.
    """
    always = listed(
        each.name
        for each in found
        if each.host_config["RestartPolicy"]["Name"] == "always"
    )
    said = "restart policy always: it starts again when the Engine or its host does"
    return [f"{always}: {said}"] if always else []
