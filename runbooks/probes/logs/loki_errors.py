"""Probe of the errors in Loki."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import ClassVar

from runbooks.durations import seconds
from runbooks.probes.base import Duration, Measurement
from runbooks.probes.logs.groups import (
    HOUR,
    NAMING,
    READINGS,
    Tally,
    group,
    hours,
    judged,
)
from runbooks.probes.logs.loki import LokiProbe
from runbooks.probes.sources import Sources

_FIELDS = 'said_level="level", said_logger="logger", said_type="exc_type"'
_BAD = '__error__="" | said_level=~"(?i)error|critical|fatal|warn|warning"'


class LokiErrorsProbe(LokiProbe, frozen=True, kw_only=True):
    """Counts errors and warnings in Loki by logger and type of exception.

    Source: ``GET /loki/api/v1/query_range`` with metric queries, so that Loki
    counts and no line travels.

    Readings:
        lines: all of the services, in the window.
        errors: lines at ERROR or above.
        warnings: lines at WARNING.
        share: of the lines that are errors.
        groups: of errors.
        top: the largest groups of errors, with their counts.
        new: groups of errors that were not there before the window.
        new_warnings: groups of warnings that were not.
        new_rate: errors of new groups in the hour that had most.

    Attributes:
        window: the time, back from now; counted in whole hours.
        before: the time before it, in which a group has to have been for it not to
            be new.

    Raises:
        ProbeError: Loki cannot be asked.
    """

    window: Duration = Duration(seconds("24h"))
    before: Duration = Duration(seconds("7d"))
    timeout: Duration = Duration(20)

    readings: ClassVar[Mapping[str, str]] = READINGS
    naming: ClassVar[frozenset[str]] = NAMING

    async def measure(self, sources: Sources) -> Measurement:
        back = hours(self.window, self.before)
        tally = await sources.once(
            ("loki errors", self.url, self.streams(*self.services), self.tenant, back),
            lambda: self._count(sources, back),
        )
        return judged(tally, self.window)

    async def _count(self, sources: Sources, back: int) -> Tally:
        end = time.time()
        # The value at a time counts the hour before it.
        start = end - (back - 1) * HOUR
        streams = self.streams(*self.services)
        bad = f"count_over_time({streams} | json {_FIELDS} | {_BAD} [1h])"
        grouped = f"sum by (said_level, said_logger, said_type) ({bad})"
        every = f"sum (count_over_time({streams} [1h]))"
        tally = Tally()
        for labels, values in await self.series(sources, grouped, start, end, HOUR):
            name = group(labels.get("said_logger", ""), labels.get("said_type", ""))
            for at, count in values:
                level = labels.get("said_level", "")
                tally.add(round((end - at) / HOUR), level, name, count)
        for _, values in await self.series(sources, every, start, end, HOUR):
            for at, count in values:
                tally.lines[round((end - at) / HOUR)] += count
        return tally
