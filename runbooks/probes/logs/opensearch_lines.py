"""Probe of the lines that arrive in OpenSearch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.durations import seconds
from runbooks.probes.base import Duration, Measurement
from runbooks.probes.logs.arrival import NAMING, READINGS, arrived
from runbooks.probes.logs.opensearch import IndexProbe
from runbooks.probes.sources import Sources


class OpenSearchLinesProbe(IndexProbe, frozen=True, kw_only=True):
    """Measures whether the lines of services arrive in OpenSearch.

    Source: ``GET /INDEX/_search``, the newest time of each service's documents; no
    document travels.

    Readings:
        answers: yes.
        found: of how many services there is a line.
        missing: services of which there is no line in the time looked at.
        age: how long ago the service that is quiet for longest wrote its newest
            line, in seconds; absent where there is none.

    Attributes:
        lookback: how far back lines are looked for.

    Raises:
        ProbeError: the cluster cannot be asked, or has no such index.
    """

    lookback: Duration = Duration(seconds("24h"))

    readings: ClassVar[Mapping[str, str]] = READINGS
    naming: ClassVar[frozenset[str]] = NAMING

    async def measure(self, sources: Sources) -> Measurement:
        newest = {"newest": {"max": {"field": self.time_field}}}
        terms = {"field": self.service_field, "size": len(self.services)}
        found = await self.search(
            sources,
            {
                "query": self.of_services(self.lookback),
                "aggs": {"services": {"terms": terms, "aggs": newest}},
            },
        )
        try:
            buckets = found["services"]["buckets"] if found else []
            times = {each["key"]: each["newest"]["value"] / 1000 for each in buckets}
        except (KeyError, TypeError) as error:
            raise self.unreadable("_search") from error
        return arrived({name: times.get(name) for name in self.services})
