"""Containers as they were when somebody agreed to change them."""

from __future__ import annotations

import msgspec

from runbooks.changes import Thing
from runbooks.durations import seconds
from runbooks.probes.docker.containers import Container

SETTLED = seconds("5m")
"""How long a container runs that the Engine no longer keeps restarting, in seconds."""
GRACE = 10
"""Seconds that the Engine gives a container to end, unless it was told otherwise."""


class Pinned(msgspec.Struct, frozen=True):
    """One container, known by its full id and by when it was started.

    Attributes:
        started: as the Engine says it, RFC 3339; "" of one that the Engine keeps
            restarting, because it is another one every time.
        status: ``running``, ``exited``, …
        grace: seconds that it gets to end.
        image: id of the image that it was made from.
    """

    id: str
    name: str
    service: str
    started: str
    status: str
    grace: int
    image: str

    @classmethod
    def at(cls, container: Container) -> Pinned:
        looping = container.looping(SETTLED)
        return cls(
            container.id,
            container.name,
            container.service,
            "" if looping else str(container.state["StartedAt"]),
            "restarting" if looping else str(container.state["Status"]),
            int(container.config.get("StopTimeout") or GRACE),
            container.image,
        )

    @property
    def thing(self) -> Thing:
        started = f", started {self.started}" if self.started else " again and again"
        return Thing("container", self.name, self.id, f"{self.status}{started}")

    def changed(self, now: Container | None) -> str:
        """Return what happened to it since, in a clause, or ""."""
        if now is None:
            return "is gone"
        if now.name != self.name:
            return f"is called {now.name} now"
        later = Pinned.at(now)
        if later.started and self.started and later.started != self.started:
            return f"was started at {later.started}"
        if later.status != self.status:
            return f"is {later.status}, and was {self.status}"
        return ""


def broken(container: Container) -> bool:
    """Whether it does not serve, and will not by itself; one that starts is not."""
    if not container.running or container.health == "unhealthy":
        return True
    return container.looping(SETTLED)


def state(container: Container | None) -> str:
    """Return how a container is, as a sentence about it goes on."""
    if container is None:
        return "is gone"
    said = str(container.state["Status"])
    if said == "exited":
        return f"ended with exit code {container.state['ExitCode']}"
    return f"is {said}, {container.health}" if container.health else f"is {said}"
