"""Probe of what a Redis server says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, measured
from runbooks.probes.redis.client import RedisProbe
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading


class InfoProbe(RedisProbe, frozen=True, kw_only=True):
    """Measures a server's memory, evictions, persistence and hits.

    Source: the command ``INFO``, see https://redis.io/docs/latest/commands/info/.
    Counters begin when the server starts.

    Readings:
        answers: yes.
        version: such as 7.2.5.
        major: the first number of it.
        uptime: of the server, in seconds.
        used: memory that its data takes, in bytes.
        limit: ``maxmemory``, in bytes; absent where there is none.
        share: used of that, in percent; absent without a limit.
        policy: what it does at the limit, such as ``allkeys-lru``.
        evictions: keys that it has dropped for want of memory, an hour on average.
        persistent: whether the last attempts to write its data to disk worked.
        rejected: connections refused because there were too many.
        clients: connections now.
        reads: look-ups of keys.
        hit_ratio: how many of these found something, in percent; absent before any.
        login: whether it was given a password.
        encrypted: whether that went by TLS.
        exposed: whether it is on another machine, without either of these.

    Raises:
        ProbeError: it cannot be asked, or ``INFO`` holds too little.
    """

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            (
                *("answers", "version", "major", "policy", "evictions", "persistent"),
                *("rejected", "clients", "reads", "login", "encrypted", "exposed"),
            ),
            "",
        ),
        "uptime": "s",
        "used": "B",
        "limit": "B",
        "share": "%",
        "hit_ratio": "%",
    }

    async def measure(self, sources: Sources) -> Measurement:
        key = ("redis info", self.url, self.ca, self.password)
        info = await sources.once(key, lambda: self._info(sources))
        try:
            return self._measured(info)
        except (KeyError, TypeError, ValueError) as error:
            said = f"INFO does not hold what it should: {error}"
            raise ProbeError(said, source=self.source, stage="query") from error

    async def _info(self, sources: Sources) -> Mapping[str, Any]:
        return await self.ask(sources, lambda client: client.info())

    def _measured(self, info: Mapping[str, Any]) -> Measurement:
        version = str(info["redis_version"])
        used, limit = int(info["used_memory"]), int(info["maxmemory"])
        hits, misses = int(info["keyspace_hits"]), int(info["keyspace_misses"])
        uptime = int(info["uptime_in_seconds"])
        evicted, reads = int(info["evicted_keys"]), hits + misses
        written = (
            info["rdb_last_bgsave_status"],
            info.get("aof_last_write_status", "ok"),
        )
        of = shown(Reading("", limit, "B")) if limit else "no limit"
        exposed = not self.local and not (self.logs_in and self.encrypted)
        return measured(
            f"Redis {version}, {info['redis_mode']}, {info['role']}\n"
            f"memory: {shown(Reading('', used, 'B'))} of {of}, "
            f"{info['maxmemory_policy']}, {evicted} keys evicted\n"
            f"reads: {hits} hits, {misses} misses\n"
            f"last write to disk: {', '.join(dict.fromkeys(written))}",
            Reading("answers", True),
            Reading("version", version),
            Reading("major", int(version.partition(".")[0])),
            Reading("uptime", uptime, "s"),
            Reading("used", used, "B"),
            Reading("limit", limit or None, "B"),
            Reading("share", 100 * used / limit if limit else None, "%"),
            Reading("policy", info["maxmemory_policy"]),
            Reading("evictions", round(evicted / max(uptime / 3600, 1), 2)),
            Reading("persistent", set(written) == {"ok"}),
            Reading("rejected", int(info["rejected_connections"])),
            Reading("clients", int(info["connected_clients"])),
            Reading("reads", reads),
            Reading("hit_ratio", 100 * hits / reads if reads else None, "%"),
            Reading("login", self.logs_in),
            Reading("encrypted", self.encrypted),
            Reading("exposed", exposed),
        )
