"""What the ways of recreating services have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from runbooks.actions.docker.pinned import Pinned
from runbooks.actions.docker.previous import Image
from runbooks.actions.docker.services import ServicesAction
from runbooks.actions.docker.work import Work
from runbooks.changes import Call, Change, Precondition
from runbooks.probes.docker.client import Engine
from runbooks.probes.docker.containers import Container
from runbooks.probes.sources import Sources


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be recreated.

    Attributes:
        found: the containers, in order.
        image: what they are to run.
    """

    engine: Engine
    found: Sequence[Container]
    image: Image


class Way(Protocol):
    """A way of recreating services, as far as looking at it goes."""

    @property
    def name(self) -> str:
        """How a person asks for it."""

    async def hindrance(self, sources: Sources, wanted: Wanted) -> str:
        """Return why it cannot be gone here at all, or ""."""

    async def doubt(self, sources: Sources, wanted: Wanted) -> str:
        """Return why it is only gone where a person asks for it by name, or ""."""

    async def calls(self, sources: Sources, wanted: Wanted) -> tuple[Call, ...]:
        """Return what will be sent or run, in order."""

    async def changes(self, sources: Sources, wanted: Wanted) -> tuple[Change, ...]:
        """Return what changes besides the image."""

    async def stays(self, sources: Sources, wanted: Wanted) -> tuple[str, ...]:
        """Return what people may expect to change and does not."""

    async def preconditions(
        self, sources: Sources, wanted: Wanted
    ) -> tuple[Precondition, ...]:
        """Return what has to hold before it is gone."""

    async def go(
        self,
        sources: Sources,
        wanted: Wanted,
        pins: Sequence[Pinned],
        work: Work,
        action: ServicesAction,
    ) -> None:
        """Recreate them all.

        Raises:
            ActionError: it failed, or nobody knows.
        """
