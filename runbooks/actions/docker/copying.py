"""Recreating through the Engine alone: each container replaced by a copy.

The old container is kept, stopped and under another name, until the new one is ready.
If that does not become so, the old one gets its name back and is started again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runbooks.actions.docker.configuration import configuration, copyable, networks
from runbooks.actions.docker.keeping import kept
from runbooks.actions.docker.pinned import Pinned, state
from runbooks.actions.docker.previous import image_named
from runbooks.actions.docker.sending import Request, version
from runbooks.actions.docker.services import ServicesAction, short
from runbooks.actions.docker.way import Wanted
from runbooks.actions.docker.work import Work
from runbooks.changes import Call, Change, Precondition
from runbooks.errors import ActionError
from runbooks.probes.docker.containers import Container
from runbooks.probes.sources import Sources

if TYPE_CHECKING:
    from docker import APIClient

NEW = "{new}"
"""Stands for the id of a container that is not made yet."""


class ByCopy:
    """One container after the other is replaced by one with the same settings."""

    name = "copy"

    async def hindrance(self, sources: Sources, wanted: Wanted) -> str:
        return ""

    async def doubt(self, sources: Sources, wanted: Wanted) -> str:
        return ""

    async def calls(self, sources: Sources, wanted: Wanted) -> tuple[Call, ...]:
        calls: list[Call] = []
        for each in wanted.found:
            calls += [r.call for r in await _requests(sources, wanted, each)]
        return tuple(calls)

    async def changes(self, sources: Sources, wanted: Wanted) -> tuple[Change, ...]:
        return ()

    async def stays(self, sources: Sources, wanted: Wanted) -> tuple[str, ...]:
        return (
            "settings, networks and volumes are copied from each container; what only "
            "its image said comes from the other image",
            *await kept(sources, wanted.engine, wanted.found),
        )

    async def preconditions(
        self, sources: Sources, wanted: Wanted
    ) -> tuple[Precondition, ...]:
        def everything(client: APIClient) -> list[str]:
            return [each["Id"] for each in client.containers(all=True)]

        ids = await wanted.engine.ask(sources, "all", everything)
        others = await wanted.engine.inspect_again(sources, ids)
        return tuple(copyable(wanted.found, others))

    async def go(
        self,
        sources: Sources,
        wanted: Wanted,
        pins: Sequence[Pinned],
        work: Work,
        action: ServicesAction,
    ) -> None:
        for pin, container in zip(pins, wanted.found, strict=True):
            await work.check(pin)
            planned = await _requests(sources, wanted, container)
            await _replace(work, pin, planned, action)
            work.done(pin, f"{pin.name} is ready, the old one is removed")


async def _requests(
    sources: Sources, wanted: Wanted, container: Container
) -> list[Request]:
    """Return what replaces one container, in order."""
    pin = Pinned.at(container)
    current = await image_named(sources, wanted.engine, container.image)
    at = f"/{await version(wanted.engine, sources)}/containers"
    made = Request(
        "POST",
        f"{at}/create",
        {"name": f"{pin.name}-next"},
        body=configuration(container, current, wanted.image),
        about=f"as {pin.name} was made, with the image {wanted.image}",
    )
    joined = [
        Request(
            "POST",
            f"{at.removesuffix('/containers')}/networks/{name}/connect",
            body={"Container": NEW, "EndpointConfig": endpoint},
            about=f"{NEW}, as {pin.name} is",
        )
        for name, endpoint in networks(container)[1:]
    ]
    return [
        made,
        *joined,
        Request("POST", f"{at}/{pin.id}/stop", {"t": str(pin.grace)}, pin.grace),
        Request("POST", f"{at}/{pin.id}/rename", {"name": _aside(pin)}),
        Request("POST", f"{at}/{NEW}/rename", {"name": pin.name}),
        Request("POST", f"{at}/{NEW}/start", about="and wait until it is ready"),
        Request("DELETE", f"{at}/{pin.id}", about="its volumes are kept"),
    ]


async def _replace(
    work: Work, pin: Pinned, planned: Sequence[Request], action: ServicesAction
) -> None:
    """Replace one container.

    Raises:
        ActionError: it failed. Then the old one is back, or the message says what is
            where.
    """
    *before, removal = planned
    new = ""
    try:
        for request in before:
            answer = await work.send(_of(request, new))
            new = new or str(answer.get("Id", ""))
        work.say(f"{pin.name} is a new container now ({short(new)})")
        await work.until_ready(new, pin.name, action.patience, action.settle)
    except ActionError as error:
        at = planned[0].path.removesuffix("/create")
        raise await _back(work, at, pin, new, error) from error
    await work.send(removal)


async def _back(
    work: Work, at: str, pin: Pinned, new: str, error: ActionError
) -> ActionError:
    """Put the old container back, and return what to tell."""
    where = f"The old container is {pin.name} or {_aside(pin)}"
    if error.changed is None:
        # Another request could be one too many: nobody knows what has happened.
        said = f"{error} {where}: docker start {short(pin.id)} if nothing else serves."
        return ActionError(said, changed=None)
    why = work.why
    work.say(f"going back: {why}")
    try:
        if new:
            await work.send(Request("DELETE", f"{at}/{new}", {"force": "true"}))
        old = await work.look(pin.id)
        if old and old.name != pin.name:
            path = f"{at}/{pin.id}/rename"
            await work.send(Request("POST", path, {"name": pin.name}))
        if old and pin.status != "exited" and not old.running:
            await work.send(Request("POST", f"{at}/{pin.id}/start"))
        now = state(await work.look(pin.id))
    except ActionError as second:
        said = f"{error} Going back failed, too: {second} {where}, {short(pin.id)}."
        return ActionError(said, changed=second.changed)
    said = (
        f"{why}. The new container was removed, and {pin.name} is the old one again, "
        f"with the image that it had: it {now}. Containers that come after it were not "
        "touched. The last lines of the new one are in the output."
    )
    return ActionError(said, changed=error.changed)


def _aside(pin: Pinned) -> str:
    """Return the name of an old container while the new one is waited for."""
    return f"{pin.name}-before-{short(pin.id)}"


def _of(request: Request, new: str) -> Request:
    """Return the request with the id of the new container in it."""
    body = request.body
    if body and body.get("Container") == NEW:
        body = {**body, "Container": new}
    path = request.path.replace(NEW, new)
    return Request(request.method, path, request.query, request.seconds, body)
