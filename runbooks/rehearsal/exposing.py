"""Serving ``/metrics`` alone, with the standard library: a third of the memory."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable

from runbooks.rehearsal.layout import HOST
from runbooks.rehearsal.metrics import CONTENT_TYPE

_HEAD = "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n"

_MISSING = ("404 Not Found", "text/plain; charset=utf-8")


async def expose(port: int, exposition: Callable[[], Awaitable[str]]) -> None:
    """Answer each ``GET /metrics`` with *exposition* until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            async with asyncio.timeout(5):
                request = await reader.readuntil(b"\r\n\r\n")
            found = request.startswith(b"GET /metrics ")
            body = (await exposition() if found else "404 page not found\n").encode()
            status, kind = ("200 OK", CONTENT_TYPE) if found else _MISSING
            head = _HEAD.format(status=status, kind=kind, size=len(body))
            writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
            await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return  # whoever asked is gone
        finally:
            writer.close()

    server = await asyncio.start_server(answer, HOST, port)
    await stopping.wait()
    server.close()
