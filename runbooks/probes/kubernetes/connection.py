"""One API server, asked through a process of its own that lives for a pass."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.process import Answer, Process, started
from runbooks.probes.sources import Sources

OPENING = 8
"""Seconds within which a kubeconfig has to lead to credentials."""
LONGEST = 8
"""Seconds that any one request may take; a probe has its own budget."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One API server and namespace, as the profile's table [kubernetes] names them.

    Attributes:
        kubeconfig: file; without one ``KUBECONFIG``, ``~/.kube/config``, or the
            service account of the pod that this runs in.
        context: in that file; without one the current context.
        namespace: of the application; without one the context's.
    """

    kubeconfig: str = ""
    context: str = ""
    namespace: str = ""

    program: ClassVar[str] = "runbooks.probes.kubernetes.reader"
    """Module of the process that asks; this one can do nothing but look."""

    @property
    def source(self) -> str:
        return f"kubernetes {self.context}".strip()

    async def ask(
        self,
        sources: Sources,
        path: str,
        query: Mapping[str, str | int] | None = None,
        *,
        accept: str = "application/json",
    ) -> Answer:
        """Return the API server's response to one GET, whatever its status.

        Raises:
            ProbeError: there was none.
        """
        request = {"path": path, "query": query or {}, "accept": accept}
        return await self._asked(sources, request)

    async def review(self, sources: Sources, attributes: Mapping[str, str]) -> Answer:
        """Return the response to a review of what this login may do.

        It is the one POST that the reading process knows, and nothing is stored.

        Args:
            attributes: see the API's reference, "ResourceAttributes".

        Raises:
            ProbeError: there was none.
        """
        return await self._asked(sources, {"review": attributes})

    async def _asked(self, sources: Sources, request: Mapping[str, Any]) -> Answer:
        process, _ = await self._opened(sources)
        sources.asked(self.source)
        return self._responded(await process.ask({"timeout": LONGEST, **request}))

    async def in_namespace(self, sources: Sources) -> str:
        """Return the namespace of the application."""
        if self.namespace:
            return self.namespace
        return (await self._opened(sources))[1].namespace

    async def server(self, sources: Sources) -> str:
        """Return the address of the API server."""
        return (await self._opened(sources))[1].server

    async def in_context(self, sources: Sources) -> str:
        """Return the name of the context, "" of a service account."""
        return (await self._opened(sources))[1].context

    async def _opened(self, sources: Sources) -> tuple[Process, Answer]:
        key = ("kubernetes", self.program, self.kubeconfig, self.context)
        return await sources.client(key, self._open)

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[tuple[Process, Answer]]:
        async with started(self.program) as process:
            yield process, await self._first_answer(process)

    async def _first_answer(self, process: Process) -> Answer:
        future = process.expect(0)
        process.write({"kubeconfig": self.kubeconfig, "context": self.context})
        try:
            return self._responded(await asyncio.wait_for(future, OPENING))
        except TimeoutError as error:
            late = ProbeError(
                f"the kubeconfig's login gave nothing in {OPENING} s",
                source=self.source,
                stage="configuration",
            )
            late.add_note(
                "Its credential plugin hangs, or waits for somebody to log in: run "
                "'kubectl get --raw /version' with this kubeconfig."
            )
            raise late from error

    def _responded(self, answer: Answer) -> Answer:
        if answer.failed:
            error = ProbeError(answer.failed, source=self.source, stage=answer.stage)
            if answer.note:
                error.add_note(answer.note)
            raise error
        return answer
