"""The client of PostgreSQL that API, worker and exporter use."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg  # type: ignore[import-untyped]

POOL_SIZE = 5
"""SQLAlchemy's default."""
UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What a query raises when the database cannot answer it."""
_TIMEOUT = 2.5
"""Seconds to connect and for one statement."""


class Database:
    """A pool of at most *size* connections, made when needed and mended by itself."""

    def __init__(self, url: str, size: int = POOL_SIZE) -> None:
        self._size = size
        self._url = url.replace("+psycopg", "")
        self._pool: Any = None
        self._making = asyncio.Lock()

    @property
    def idle(self) -> int:
        return self._pool.get_idle_size() if self._pool else 0

    async def all(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Run one statement and return its rows; raises one of `UNAVAILABLE`."""
        async with self._making:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=0,
                    max_size=self._size,
                    timeout=_TIMEOUT,
                    command_timeout=_TIMEOUT,
                )
        rows = await self._pool.fetch(statement, *values, timeout=_TIMEOUT)
        return [dict(row) for row in rows]

    async def one(self, statement: str, *values: Any) -> dict[str, Any] | None:
        """Run one statement and return its first row, None when there is none."""
        rows = await self.all(statement, *values)
        return rows[0] if rows else None
