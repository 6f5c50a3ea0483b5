"""Clients of the database that do it no good.

``python -m runbooks.rehearsal.faults.sessions DIRECTORY CULPRIT``. They have the
application's role, and hold on to what they have until they are stopped.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NoReturn

import asyncpg  # type: ignore[import-untyped]

from runbooks.rehearsal.database import APPLICATION
from runbooks.rehearsal.faults import culprits
from runbooks.rehearsal.layout import Layout, read

_PAUSE = 0.02

Connect = Callable[[], Awaitable[Any]]
Ready = Callable[[], object]


async def leak(connect: Connect, ready: Ready) -> NoReturn:
    """Take every connection there is, and each that somebody gives back."""
    held = []
    while True:
        try:
            held.append(await connect())
        except asyncpg.TooManyConnectionsError:
            ready()
            await asyncio.sleep(_PAUSE)


async def idle(connect: Connect, ready: Ready) -> None:
    """Begin many transactions, look at something in each, and go away."""
    held = []
    for _ in range(culprits.PILE):
        held.append(await connect())
        await held[-1].execute("begin; select count(*) from videos")
    ready()
    await asyncio.Event().wait()


async def lock(connect: Connect, ready: Ready) -> None:
    """Lock the row of one job, as updating it does, and never commit."""
    held = await connect()
    await held.execute(
        f"begin; select from jobs where id = '{culprits.STUCK_JOB}' for no key update"
    )
    ready()
    await asyncio.Event().wait()


_DOINGS = {culprits.LEAKING: leak, culprits.IDLING: idle, culprits.LOCKING: lock}


async def main(layout: Layout, culprit: str) -> None:
    url = layout.dsn(APPLICATION, "postgres-password").replace("+psycopg", "")
    named = {"application_name": culprit}
    ready_file = culprits.ready_file(layout, culprit)
    await _DOINGS[culprit](
        lambda: asyncpg.connect(url, server_settings=named),
        lambda: ready_file.write_text(str(os.getpid())),
    )


if __name__ == "__main__":
    asyncio.run(main(read(Path(sys.argv[1])), sys.argv[2]))
