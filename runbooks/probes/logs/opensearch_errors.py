"""Probe of the errors in OpenSearch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from runbooks.durations import seconds
from runbooks.probes.base import Duration, Measurement
from runbooks.probes.logs.groups import (
    ERRORS,
    HOUR,
    NAMING,
    READINGS,
    WARNINGS,
    Tally,
    group,
    hours,
    judged,
)
from runbooks.probes.logs.opensearch import IndexProbe
from runbooks.probes.sources import Sources

MOST = 10_000
"""Groups an hour that are counted; more is said."""


class OpenSearchErrorsProbe(IndexProbe, frozen=True, kw_only=True):
    """Counts errors and warnings in OpenSearch by logger and type of exception.

    Source: ``GET /INDEX/_search`` with aggregations, so that no document travels.

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
        level_field, logger_field, type_field: keywords of a document that hold the
            level, the logger, and the type of the exception.
        window: the time, back from now; counted in whole hours.
        before: the time before it, in which a group has to have been for it not to
            be new.

    Raises:
        ProbeError: the cluster cannot be asked, or has no such index.
    """

    level_field: str = "level.keyword"
    logger_field: str = "logger.keyword"
    type_field: str = "exc_type.keyword"
    window: Duration = Duration(seconds("24h"))
    before: Duration = Duration(seconds("7d"))
    timeout: Duration = Duration(20)

    readings: ClassVar[Mapping[str, str]] = READINGS
    naming: ClassVar[frozenset[str]] = NAMING

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.search(sources, self._query())
        now = time.time()
        tally = Tally()
        try:
            for key, count in _buckets(found, "hours"):
                tally.lines[_hour(now, key)] += count
            groups = list(_buckets(found.get("bad") or {}, "groups"))
            for key, count in groups:
                name = group(key["logger"] or "", key["type"] or "")
                tally.add(_hour(now, key["hour"]), key["level"], name, count)
        except (AttributeError, KeyError, TypeError) as error:
            raise self.unreadable("_search") from error
        if len(groups) == MOST:
            tally.notes.append(f"only the first {MOST} groups an hour were counted")
        return judged(tally, self.window)

    def _query(self) -> dict[str, Any]:
        hourly = {"field": self.time_field, "fixed_interval": "1h"}
        fields = {"logger": self.logger_field, "type": self.type_field}
        optional = [
            {name: {"terms": {"field": field, "missing_bucket": True}}}
            for name, field in fields.items()
        ]
        level = {"level": {"terms": {"field": self.level_field}}}
        by = [{"hour": {"date_histogram": hourly}}, level, *optional]
        levels = sorted(ERRORS | WARNINGS)
        bad = {
            "filter": {"terms": {self.level_field: levels}},
            "aggs": {"groups": {"composite": {"size": MOST, "sources": by}}},
        }
        return {
            "query": self.of_services(hours(self.window, self.before) * HOUR),
            "aggs": {"hours": {"date_histogram": hourly}, "bad": bad},
        }


def _buckets(found: Any, name: str) -> Iterator[tuple[Any, int]]:
    for each in found[name]["buckets"] if found else ():
        yield each["key"], int(each["doc_count"])


def _hour(now: float, key: float) -> int:
    """Return which hour before now begins at *key*, in milliseconds since 1970."""
    return max(0, int((now - key / 1000) // HOUR))
