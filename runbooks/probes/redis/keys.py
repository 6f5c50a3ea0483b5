"""Probe of keys in a Redis server, and of how long they live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.redis.client import RedisProbe
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading

if TYPE_CHECKING:
    from redis.asyncio import Redis

BATCH = 500
"""Keys that the server looks at for one answer; it serves others in between."""
NO_EXPIRY, NOT_THERE = -1, -2
"""What ``TTL`` answers instead of seconds."""


class KeysProbe(RedisProbe, frozen=True, kw_only=True):
    """Measures a sample of the keys that match a pattern.

    Source: the commands ``SCAN``, ``TTL`` and ``DBSIZE``; no key is read.

    Readings:
        keys: how many of the sample match.
        all: how many keys the database holds.
        without_expiry: how many of the matching ones live for ever.
        longest: the longest that one of them still lives, in seconds; absent
            where none expires.

    Attributes:
        match: pattern with ``*`` and ``?``.
        sample: matching keys after which it stops.
        most: keys after which it stops looking.

    Raises:
        ProbeError: the server cannot be asked.
    """

    match: str = "*"
    sample: int = 100
    most: int = 20_000

    readings: ClassVar[Mapping[str, str]] = {
        "keys": "",
        "all": "",
        "without_expiry": "",
        "longest": "s",
    }

    @property
    def thing(self) -> str:
        return f"{self.source} {self.match}"

    async def measure(self, sources: Sources) -> Measurement:
        held, lives = await self.ask(sources, self._lives)
        expiring = [life for life in lives if life >= 0]
        longest = Reading("longest", max(expiring, default=None), "s")
        for_ever = lives.count(NO_EXPIRY)
        return measured(
            f"{self.match}: {len(lives)} keys seen of {held} in the database\n"
            f"{for_ever} of them live for ever, the longest other "
            f"{shown(longest) if expiring else 'is not there'}",
            Reading("keys", len(lives)),
            Reading("all", held),
            Reading("without_expiry", for_ever),
            longest,
        )

    async def _lives(self, client: Redis) -> tuple[int, list[int]]:
        """Return the size of the database, and seconds that matching keys live."""
        held = int(await client.dbsize())
        found: dict[Any, None] = {}
        cursor: Any = 0
        for _ in range(max(1, self.most // BATCH)):
            cursor, keys = await client.scan(cursor, self.match, BATCH)
            found.update(dict.fromkeys(keys))
            if len(found) >= self.sample or not int(cursor):
                break
        async with client.pipeline(transaction=False) as pipeline:
            for key in list(found)[: self.sample]:
                pipeline.ttl(key)
            lives = await pipeline.execute()
        return held, [life for life in lives if life != NOT_THERE]
