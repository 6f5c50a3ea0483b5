"""The client of Redis that the API uses."""

from __future__ import annotations

import json
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError


class Cache:
    """JSON values in Redis; without Redis every look misses, as in the original."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(
            url, socket_connect_timeout=1, socket_timeout=1
        )

    async def get(self, key: str) -> Any:
        try:
            found = await self._redis.get(key)
        except RedisError:  # the original logs it and goes on without a cache
            return None
        return None if found is None else json.loads(found)

    async def put(self, key: str, value: Any, seconds: int) -> None:
        try:
            await self._redis.set(key, json.dumps(value, default=str), ex=seconds)
        except RedisError:
            return
