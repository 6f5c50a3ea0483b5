"""Probe of the lines that arrive in Loki."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import ClassVar

from runbooks.durations import seconds
from runbooks.probes.base import Duration, Measurement
from runbooks.probes.logs.arrival import NAMING, READINGS, arrived
from runbooks.probes.logs.loki import LokiProbe
from runbooks.probes.sources import Sources


class LokiLinesProbe(LokiProbe, frozen=True, kw_only=True):
    """Measures whether the lines of services arrive in Loki.

    Source: ``GET /loki/api/v1/label/LABEL/values`` and ``/query_range``, one line of
    each service; evidence holds no lines.

    Readings:
        answers: yes.
        found: of how many services there is a line.
        missing: services of which there is no line in the time looked at.
        age: how long ago the service that is quiet for longest wrote its newest
            line, in seconds; absent where there is none.

    Attributes:
        lookback: how far back lines are looked for.

    Raises:
        ProbeError: Loki cannot be asked.
    """

    lookback: Duration = Duration(seconds("24h"))

    readings: ClassVar[Mapping[str, str]] = READINGS
    naming: ClassVar[frozenset[str]] = NAMING

    async def measure(self, sources: Sources) -> Measurement:
        end = time.time()
        start = end - self.lookback
        known = set(await self.values(sources, start, end))

        async def newest(service: str) -> float | None:
            if service not in known:
                return None
            return await self.newest(sources, service, start, end)

        found = await asyncio.gather(*map(newest, self.services))
        return arrived(dict(zip(self.services, found, strict=True)))
