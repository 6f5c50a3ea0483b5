"""A way to a server that breaks off in the middle of a statement."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


@asynccontextmanager
async def breaking(port: int, word: bytes, time: int) -> AsyncIterator[int]:
    """Forward to *port* of this host; yield the port of that way.

    What comes after *word* was said for the *time*-th time still reaches the server;
    its answer is lost with the connection.
    """
    seen = 0

    async def forward(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        nonlocal seen
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        back = asyncio.create_task(_copy(far_reader, writer))
        broken = False
        with suppress(OSError):
            while data := await reader.read(65536):
                far_writer.write(data)
                await far_writer.drain()
                if broken:  # what carries the statement out is on its way
                    break
                seen += data.count(word)
                broken = bool(data.count(word)) and seen == time
        back.cancel()
        writer.transport.abort()
        far_writer.close()

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
