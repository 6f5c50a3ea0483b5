"""The process that asks an API server, seen from the one that shows a runbook."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from runbooks.errors import ProbeError
from runbooks.own_python import environment, python

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
    retry_after: str = ""
    namespace: str = ""
    server: str = ""
    context: str = ""
    failed: str = ""
    stage: str = ""
    note: str = ""


class Process:
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


@asynccontextmanager
async def started(program: str) -> AsyncIterator[Process]:
    """Start the process; end it for certain, with all that it has started or written.

    The client library writes client keys to files.

    Args:
        program: module that answers requests, `runbooks.probes.kubernetes.reader` or
            one that speaks as it does.
    """
    with TemporaryDirectory(prefix="gonogo-", ignore_cleanup_errors=True) as directory:
        process = await asyncio.create_subprocess_exec(
            *python(program),
            directory,
            env=environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            limit=LARGEST,
        )
        reader = Process(process)
        dispatching = asyncio.create_task(reader.dispatch())
        try:
            yield reader
        finally:
            assert process.stdin
            process.stdin.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), DYING)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            await dispatching
