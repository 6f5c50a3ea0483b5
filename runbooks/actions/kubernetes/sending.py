"""Sends what changes a cluster, and says truthfully whether it has arrived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from msgspec.structs import replace

from runbooks.actions.base import Tell
from runbooks.actions.kubernetes.answers import content, message, refused
from runbooks.actions.kubernetes.identity import identity
from runbooks.actions.kubernetes.requests import Request
from runbooks.actions.kubernetes.ways import Changing
from runbooks.changes import Progress
from runbooks.errors import ActionError, ProbeError
from runbooks.probes.kubernetes.objects import Kind, Object, listed_now
from runbooks.probes.kubernetes.refusals import refusal
from runbooks.probes.sources import Sources

UNSENT = ("configuration", "name", "tcp", "tls")
"""Stages of failures after which nothing was sent."""
LOST = 60.0
"""Seconds for an API server that went away to be back."""
Arrived = Callable[[Object | None], bool]
"""Whether what was sent is in what is there now."""


class Writer:
    """Asks one cluster anew each time, and changes it.

    Args:
        every: seconds between two looks.
    """

    def __init__(
        self, way: Changing, sources: Sources, namespace: str, tell: Tell, every: float
    ) -> None:
        self.way = way
        self.sources = sources
        self.namespace = namespace
        self.every = every
        self._tell = tell
        self._last = Progress()

    def tell(self, progress: Progress) -> None:
        self._last = progress
        self._tell(progress)

    def say(self, text: str) -> None:
        """Tell a line; how far it has come stays as it was told."""
        self.tell(replace(self._last, says=text))

    async def read(self, path: str) -> Object | None:
        """Return the object as it is now, None where it is gone.

        Raises:
            ProbeError: it cannot be read.
        """
        answer = await self.way.ask(self.sources, path)
        if answer.status == 404:
            return None
        if answer.status == 200 and (found := content(answer)):
            return found
        raise refusal(self.way, answer, path, f"get {path}")

    async def listed(self, kind: Kind, **where: str) -> list[Object]:
        """Return the objects of a kind as they are now; none where it is unknown.

        Args:
            where: ``labelSelector`` or ``fieldSelector``.

        Raises:
            ProbeError: they cannot be listed.
        """
        return await listed_now(self.sources, self.way, kind, where) or []

    async def change(self, request: Request, at: str, arrived: Arrived) -> Object:
        """Send *request* once, and return the answer or what is there because of it.

        Args:
            at: path of what it changes or makes.
            arrived: tells from what is there whether it was done, where no answer does.

        Raises:
            ActionError: it was refused, or nobody knows.
        """
        self.say(str(request))
        try:
            answer = await self.way.send(self.sources, request)
        except ProbeError as error:
            if error.stage in UNSENT:
                said = f"Nothing was sent: {error}. Find out why, then try again."
                raise ActionError(said, changed=False) from error
            return await self._seen(request, str(error), at, arrived)
        found = content(answer)
        if answer.status < 300 and found is not None:
            generation = (found.get("metadata") or {}).get("generation")
            more = f", generation {generation}" if generation else ""
            self.say(f"{answer.status}: done{more}")
            return found
        if answer.status < 300 or answer.status >= 500:
            # etcd may have it although the API server gave up waiting.
            said = f"{answer.status}: {message(answer)}"
            return await self._seen(request, said, at, arrived)
        raise ActionError(refused(answer), changed=False)

    async def _seen(
        self, request: Request, why: str, at: str, arrived: Arrived
    ) -> Object:
        """Look whether a request without a proper answer was done.

        Raises:
            ActionError: it was not seen so far.
        """
        self.say(f"no answer ({why}): looking whether it was done")
        try:
            found = await self.patiently(lambda: self.read(at))
        except ProbeError as error:
            raise ActionError(
                f"Nobody knows whether this was done: {request} ({why}), and then "
                f"{error}. Look at {at} once the API server answers, before anything "
                "else is done.",
                changed=None,
            ) from error
        if not arrived(found):
            raise ActionError(
                f"It is not done so far: {request} ({why}). It may still arrive: look "
                f"at {at} again in a minute, before it is sent anew.",
                changed=None,
            )
        self.say("it was done all the same")
        return found or {}

    async def patiently(self, look: Callable[[], Any]) -> Any:
        """Return what *look* returns, while the API server may be away for a time.

        Raises:
            ProbeError: it may not be looked at, or the API server did not come back.
        """
        until, told = monotonic() + LOST, False
        while True:
            try:
                return await look()
            except ProbeError as error:
                if error.stage == "login" or monotonic() > until:
                    raise
                if not told:
                    self.say(f"{error}: trying again")
                    told = True
            await asyncio.sleep(self.every)


@asynccontextmanager
async def writing(
    way: Changing, shown: str, tell: Tell, every: float
) -> AsyncIterator[Writer]:
    """Yield what changes the cluster, once it is seen to be the one that was shown.

    Args:
        shown: id of the cluster and namespace that was shown.

    Raises:
        ActionError: it is another one, or cannot be asked; nothing was sent.
    """
    async with Sources() as sources:
        try:
            namespace = await way.in_namespace(sources)
            found = await identity(sources, way)
        except ProbeError as error:
            said = f"Nothing was sent: {error}. Find out why, then try again."
            raise ActionError(said, changed=False) from error
        if found.id != shown:
            raise ActionError(
                f"Nothing was sent: this is {found.says} now, not the one that was "
                "shown. Find out where the kubeconfig leads.",
                changed=False,
            )
        yield Writer(way, sources, namespace, tell, every)


async def reread(
    writer: Writer, pins: Mapping[str, Any], strictly: bool = False
) -> Object:
    """Return the object that was shown: its status may be another one by now.

    Args:
        strictly: whether not even that.

    Raises:
        ActionError: it is another one now; nothing was sent.
    """
    try:
        found = await writer.read(pins["path"])
    except ProbeError as error:
        said = f"Nothing was sent: {error}. Find out why, then try again."
        raise ActionError(said, changed=False) from error
    metadata = (found or {}).get("metadata") or {}
    if found is None or metadata["uid"] != pins["uid"]:
        said = f"Nothing was sent: {pins['path']} has gone. Look again."
        raise ActionError(said, changed=False)
    same = metadata.get("generation") == pins["generation"]
    if not same or (strictly and metadata["resourceVersion"] != pins["version"]):
        said = f"Nothing was sent: {pins['path']} has just changed. Look again."
        raise ActionError(said, changed=False)
    return found


def has(*path: str, value: Any) -> Arrived:
    """Return what tells whether an object has *value* at that place."""

    def arrived(found: Object | None) -> bool:
        held: Any = found
        for key in path:
            held = held.get(key) if isinstance(held, dict) else None
        return bool(held == value)

    return arrived
