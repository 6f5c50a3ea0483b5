"""The process that asks an API server as a thread, where it is not what is tested."""

from __future__ import annotations

import asyncio
import io
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING

from runbooks.probes.kubernetes.process import LARGEST, Process
from runbooks.probes.kubernetes.reader import _serve

if TYPE_CHECKING:
    from typing_extensions import Buffer

RESPONDING = {"reader": "asked", "rehearser": "rehearsed", "writer": "written"}
"""What the process of each module answers with."""


class Answers(io.BufferedWriter):
    """Takes what comes too late, as a process that has ended never says it."""

    def write(self, data: Buffer) -> int:
        return 0 if self.closed else super().write(data)

    def flush(self) -> None:
        if not self.closed:
            super().flush()


@asynccontextmanager
async def in_a_thread(program: str) -> AsyncIterator[Process]:
    """Answer as the process of *program* does, without starting one."""
    respond = getattr(import_module(program), RESPONDING[program.rpartition(".")[2]])
    theirs, ours = os.pipe(), os.pipe()
    requests, answers = os.fdopen(theirs[0], "rb"), Answers(io.FileIO(ours[1], "wb"))

    def serve() -> None:
        with requests, answers:
            _serve(requests, answers, respond)

    serving = threading.Thread(target=serve, daemon=True)
    serving.start()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LARGEST)
    reading, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(ours[0], "rb")
    )
    writing, _ = await loop.connect_write_pipe(
        asyncio.BaseProtocol, os.fdopen(theirs[1], "wb")
    )
    process = Process(SimpleNamespace(stdin=writing, stdout=reader))  # type: ignore
    dispatching = asyncio.create_task(process.dispatch())
    try:
        yield process
    finally:
        writing.close()
        await dispatching
        reading.close()
        serving.join()
