"""Ways to an API server that can do more than look."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from runbooks.actions.kubernetes.requests import Request
from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.connection import LONGEST, Connection
from runbooks.probes.kubernetes.process import Answer
from runbooks.probes.sources import Sources

BUSY = 429
PATIENT = 3
"""So often a look comes again that the API server has no time for."""
SLOW = 20.0
"""Seconds more than any silence may last for an answer to come to its end."""
LONGEST_PAUSE = 10.0
"""Seconds to wait before that, at most, whatever the API server wants."""


@dataclass(frozen=True, slots=True)
class Rehearsing(Connection):
    """A way on which nothing is stored."""

    program: ClassVar[str] = "runbooks.actions.kubernetes.rehearser"

    async def rehearse(self, sources: Sources, request: Request) -> Answer:
        """Return what the API server says to *request* without doing it.

        Raises:
            ProbeError: there was no answer.
        """
        return await self._asked(sources, request.line)


@dataclass(frozen=True, slots=True)
class Changing(Connection):
    """A way on which things are changed. Only `perform` of an action may use it."""

    program: ClassVar[str] = "runbooks.actions.kubernetes.writer"

    async def _asked(self, sources: Sources, request: Mapping[str, Any]) -> Answer:
        """Return an answer that comes to its end, though it may come in drops.

        Raises:
            ProbeError: there was none; stage ``http`` where it did not end.
        """
        seconds = request.get("timeout", LONGEST) + SLOW
        try:
            async with asyncio.timeout(seconds):
                # Without super(): a class with slots is made anew.
                return await Connection._asked(self, sources, request)
        except TimeoutError as error:
            said = f"the answer did not come to its end in {seconds:g} s"
            raise ProbeError(said, source=self.source, stage="http") from error

    async def send(self, sources: Sources, request: Request) -> Answer:
        """Make *request* once, and return the answer, whatever its status.

        Raises:
            ProbeError: there was no answer; with stage ``name``, ``tcp`` or ``tls``
                nothing was sent, else nobody knows.
        """
        return await self._asked(sources, request.line)

    async def wait(
        self, sources: Sources, path: str, query: Mapping[str, str | int], limit: float
    ) -> Answer:
        """Return the first line of a stream, such as a watch.

        Args:
            limit: for how long nothing may come, in seconds.

        Raises:
            ProbeError: there was none; stage ``timeout`` where nothing came.
        """
        line = {"method": "GET", "path": path, "query": query, "first": True}
        return await self._asked(sources, {**line, "timeout": limit})

    async def ask(
        self,
        sources: Sources,
        path: str,
        query: Mapping[str, str | int] | None = None,
        *,
        accept: str = "application/json",
    ) -> Answer:
        """Return the response to one GET, and come again where that is asked for.

        Raises:
            ProbeError: there was none.
        """
        request: dict[str, Any] = {"path": path, "query": query or {}, "accept": accept}
        answer = await self._asked(sources, request)
        for _ in range(PATIENT):
            if answer.status != BUSY or not answer.retry_after.isdecimal():
                break
            await asyncio.sleep(min(float(answer.retry_after), LONGEST_PAUSE))
            answer = await self._asked(sources, request)
        return answer
