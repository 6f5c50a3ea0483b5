"""One API server, asked through a process of its own that lives for a pass."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from runbooks.errors import ProbeError
from runbooks.probes.sources import Sources

OPENING = 8
"""Seconds within which a kubeconfig has to lead to credentials."""
LONGEST = 8
"""Seconds that any one request may take; a probe has its own budget."""
LARGEST = 128 * 1024 * 1024
"""Bytes of one answer; a page of a list is far below."""
DYING = 2
"""Seconds for the process to end by itself."""


class Answer(msgspec.Struct, frozen=True):
    """One answer of the reading process; see there.

    Attributes:
        failed: why there was no response, else "".
    """

    id: int
    status: int = 0
    body: str = ""
    namespace: str = ""
    server: str = ""
    failed: str = ""
    stage: str = ""
    note: str = ""


class _Process:
    """The reading process, and who waits for which answer."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._last = 0
        self._ended = False

    def expect(self, number: int) -> asyncio.Future[Answer]:
        if self._ended:
            raise ProbeError("the reading process has ended", stage="query")
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        return future

    def write(self, line: Mapping[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(line).encode() + b"\n")

    async def ask(self, request: Mapping[str, Any]) -> Answer:
        self._last += 1
        number = self._last
        future = self.expect(number)
        self.write({"id": number, **request})
        try:
            return await future
        finally:
            self._waiting.pop(number, None)

    async def dispatch(self) -> None:
        """Hand answers to those who wait, until there are no more."""
        assert self._process.stdout
        problem = "the reading process has ended"
        try:
            async for line in self._process.stdout:
                answer = msgspec.json.decode(line, type=Answer)
                future = self._waiting.pop(answer.id, None)
                if future and not future.done():
                    future.set_result(answer)
        except ValueError:
            problem = f"an answer is larger than {LARGEST} bytes"
        self._ended = True
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ProbeError(problem, stage="query"))


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
        review: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Return the API server's response to one GET, whatever its status.

        Args:
            review: an access review to POST instead, which changes nothing.

        Raises:
            ProbeError: there was none.
        """
        process, _ = await self._opened(sources)
        request = {
            "path": path,
            "query": query or {},
            "accept": accept,
            "review": review,
            "timeout": LONGEST,
        }
        sources.asked(self.source)
        return self._responded(await process.ask(request))

    async def in_namespace(self, sources: Sources) -> str:
        """Return the namespace of the application."""
        if self.namespace:
            return self.namespace
        return (await self._opened(sources))[1].namespace

    async def _opened(self, sources: Sources) -> tuple[_Process, Answer]:
        key = ("kubernetes", self.kubeconfig, self.context)
        return await sources.client(key, self._open)

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[tuple[_Process, Answer]]:
        """Start the process; end it for certain, with all that it has started."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "runbooks.probes.kubernetes.reader",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            limit=LARGEST,
        )
        reader = _Process(process)
        dispatching = asyncio.create_task(reader.dispatch())
        try:
            yield reader, await self._first_answer(reader)
        finally:
            assert process.stdin
            process.stdin.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), DYING)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            await dispatching

    async def _first_answer(self, reader: _Process) -> Answer:
        future = reader.expect(0)
        reader.write({"kubeconfig": self.kubeconfig, "context": self.context})
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
