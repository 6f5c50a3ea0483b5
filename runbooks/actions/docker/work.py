"""A change of containers under way: sent, waited for, and told of when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from runbooks.actions.base import Tell
from runbooks.actions.docker.pinned import Pinned, state
from runbooks.actions.docker.sending import Request, send
from runbooks.changes import Progress
from runbooks.errors import ActionError, ProbeError
from runbooks.probes.docker.client import Engine
from runbooks.probes.docker.containers import Container
from runbooks.probes.sources import Sources

if TYPE_CHECKING:
    from docker import APIClient

T = TypeVar("T")
RETURNS = 10.0
"""Seconds for an Engine that went away to be back, so that the state can be told."""
PAUSE = 0.25
"""Seconds between two looks at a container that is waited for."""
LINES = 20
"""So many of the last lines of a container that failed are printed."""
RESTARTS = 3
"""So often the Engine restarts a container until nobody waits for it any more."""


class Work:
    """One performance of an action.

    Args:
        pinned: the containers as they were before; what failed is told by them.
        ahead: what to do next when it cannot go on, a sentence.

    Attributes:
        why: what went wrong last, a clause.
    """

    def __init__(
        self,
        engine: Engine,
        sources: Sources,
        tell: Tell,
        pinned: Sequence[Pinned],
        ahead: str,
    ) -> None:
        self._engine = engine
        self._sources = sources
        self._tell = tell
        self._pinned = pinned
        self._told = pinned
        self._ahead = ahead
        self.why = ""
        self._done = dict.fromkeys((pin.service for pin in pinned), 0)

    @property
    def bars(self) -> Mapping[str, tuple[int, int]]:
        """How many containers of each service are done, and of how many."""
        services = [pin.service for pin in self._pinned]
        return {name: (n, services.count(name)) for name, n in self._done.items()}

    def say(self, text: str) -> None:
        self._tell(Progress(says=text, bars=self.bars))

    def done(self, pin: Pinned, text: str) -> None:
        """Count the container of *pin* as done."""
        self._done[pin.service] += 1
        self.say(text)

    async def asked(self, look: Awaitable[T]) -> T:
        """Return what a look brings back.

        Raises:
            ActionError: the Engine cannot be asked.
        """
        try:
            return await look
        except ProbeError as error:
            raise await self.broken(error, "looking again") from error

    def follow(self, found: Sequence[Container]) -> None:
        """Tell of these from now on: they may have taken the place of the others."""
        self._told = [Pinned.at(each) for each in found]

    async def send(self, request: Request) -> Mapping[str, object]:
        """Make the request.

        Raises:
            ActionError: the Engine refused, or nobody knows.
        """
        try:
            return await send(self._engine, self._sources, request)
        except ProbeError as error:
            raise await self.broken(error, str(request)) from error

    async def look(self, id: str) -> Container | None:
        """Return the container as it is now, None where it is gone.

        Raises:
            ActionError: the Engine cannot be asked.
        """
        found = await self.asked(self._engine.inspect_again(self._sources, [id]))
        return Container(found[0]) if found else None

    async def check(self, pin: Pinned) -> None:
        """See that nobody else has touched the container since it was shown.

        Raises:
            ActionError: somebody has, or the Engine cannot be asked.
        """
        if changed := pin.changed(await self.look(pin.id)):
            raise await self.failure(f"{pin.name} {changed}: it was left alone", False)

    async def until_ready(
        self, id: str, name: str, patience: float, settle: float
    ) -> None:
        """Wait for a container to be healthy, or to run on where nothing checks it.

        Args:
            patience: how long that may take, in seconds.
            settle: how long one runs on that nothing checks, in seconds.

        Raises:
            ActionError: it was not, or the Engine cannot be asked.
        """
        began = since = monotonic()
        started = said = ""
        while True:
            found = await self.look(id)
            gone = monotonic() - began
            if found is None or _failed(found):
                await self._tell_lines(id, name)
                raise await self.failure(f"{name} {state(found)} after {gone:.1f} s")
            if started != found.state["StartedAt"]:
                started, since = found.state["StartedAt"], monotonic()
            if found.ready and (found.health or monotonic() - since >= settle):
                return
            if gone > patience:
                await self._tell_lines(id, name)
                late = f"{name} {state(found)}, and is not ready after {patience:g} s"
                raise await self.failure(late)
            fresh = f"{name} {state(found)}"
            self._tell(
                Progress(
                    says=fresh if fresh != said else "",
                    bars=self.bars,
                    deadline=(gone, float(patience)),
                )
            )
            said = fresh
            await asyncio.sleep(PAUSE)

    async def broken(self, error: ProbeError, doing: str) -> ActionError:
        """Return what to tell of an Engine that refused, or that was lost."""
        refused = error.stage in ("login", "query")
        words = str(error) if refused else f"the Engine was lost: {error}"
        if not refused:
            self.say(f"{words}; it gets {RETURNS:g} s to be back")
        return await self.failure(f"{doing}: {words}", False if refused else None)

    async def _tell_lines(self, id: str, name: str) -> None:
        """Print the last lines of a container, which may be gone soon."""

        def lines(client: APIClient) -> bytes:
            return client.logs(id, tail=LINES)

        with suppress(ProbeError):  # it may be gone, or its driver keep none
            printed = await self._engine.ask_again(self._sources, lines)
            for line in printed.decode("utf-8", "replace").splitlines():
                self.say(f"{name} | {line}")

    async def failure(self, why: str, unchanged: bool | None = True) -> ActionError:
        """Return what to tell when it cannot go on, from looking once more.

        Args:
            unchanged: what it means that all containers are as they were before:
                False that nothing was changed, None that nobody knows.
        """
        self.why = why
        try:
            now = await self._now()
        except ProbeError as error:
            names = ", ".join(pin.name for pin in self._told)
            return ActionError(
                f"{why}. It does not answer now either ({error}): how {names} are "
                "nobody knows. See why it is down (systemctl status docker); once it "
                f"answers, look at them before anything else. {self._ahead}",
                changed=None,
            )
        states = "; ".join(f"{pin.name} {state(now.get(pin.id))}" for pin in self._told)
        touched = any(pin.changed(now.get(pin.id)) for pin in self._pinned)
        return ActionError(
            f"{why}. Now: {states}. {self._ahead}",
            changed=True if touched else unchanged,
        )

    async def _now(self) -> Mapping[str, Container]:
        """Return the containers by id, from an Engine that may come back meanwhile.

        Raises:
            ProbeError: it did not, or refused.
        """
        ids = [pin.id for pin in (*self._pinned, *self._told)]
        until = monotonic() + RETURNS
        while True:
            # A client that could not reach its Engine once never tries again.
            async with Sources() as sources:
                try:
                    found = await self._engine.inspect_again(sources, ids)
                    return {each["Id"]: Container(each) for each in found}
                except ProbeError as error:
                    if error.stage != "tcp" or monotonic() > until:
                        raise
            await asyncio.sleep(PAUSE)


def _failed(container: Container) -> bool:
    """Whether waiting for it is in vain."""
    if container.health == "unhealthy":
        return True
    if container.inspected["RestartCount"] >= RESTARTS:
        return True
    return not container.running and not container.state["Restarting"]
