"""Puts ports of this machine far away: a relay that holds every byte for a while.

    faraway.py MILLISECONDS PORT…

Prints the relaying ports in one line and ends when its stdin does.
"""

from __future__ import annotations

import asyncio
import os
import sys


async def later(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float
) -> None:
    """Pass on what comes, *delay* seconds after it came."""
    loop = asyncio.get_running_loop()
    held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def hold() -> None:
        data = b"?"
        while data:
            data = await reader.read(65536)
            held.put_nowait((loop.time() + delay, data))

    holding = asyncio.create_task(hold())
    try:
        while True:
            due, data = await held.get()
            await asyncio.sleep(due - loop.time())
            if not data:
                break
            writer.write(data)
    finally:
        holding.cancel()
        writer.close()


async def serve(delay: float, ports: list[int]) -> None:
    passing: set[asyncio.Task[object]] = set()

    def relay(port: int):
        async def pass_on(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            there = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.sleep(2 * delay)  # the handshake of TCP
            await asyncio.gather(
                later(reader, there[1], delay),
                later(there[0], writer, delay),
                return_exceptions=True,
            )

        def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(pass_on(reader, writer))
            passing.add(task)  # the loop itself would forget it
            task.add_done_callback(passing.discard)

        return met

    servers = [await asyncio.start_server(relay(p), "127.0.0.1", 0) for p in ports]
    print(*(s.sockets[0].getsockname()[1] for s in servers), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)  # connections that are still open matter to nobody


if __name__ == "__main__":
    wait, *wanted = map(int, sys.argv[1:])
    asyncio.run(serve(wait / 2000, wanted))
