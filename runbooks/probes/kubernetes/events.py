"""Probe of what the cluster itself has warned about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from runbooks.durations import seconds
from runbooks.probes.base import Duration, Measurement, measured
from runbooks.probes.kubernetes.application import ClusterProbe, listed
from runbooks.probes.kubernetes.objects import Kind, Object
from runbooks.probes.kubernetes.quantities import moment
from runbooks.probes.sources import Sources
from runbooks.results import Reading

EVENTS = Kind("v1", "events")
TOP = 10
"""Kinds of warnings that are told."""
_SHOWN = 5
"""Objects of each that are named."""


class EventsProbe(ClusterProbe, frozen=True, kw_only=True):
    """Counts Events of the type Warning in the application's namespace.

    Source: ``reason``, ``involvedObject``, ``count`` or ``series.count``, and the last
    time, of core Events. Messages are not read. The API server forgets Events, after
    an hour if nobody says otherwise (``--event-ttl``).

    Readings:
        warnings: how often it was warned, as the Events themselves count.
        reasons: what about, such as ``BackOff of Pod``, the most frequent first.

    Attributes:
        window: how far back.

    Raises:
        ProbeError: the cluster cannot be asked.
    """

    window: Duration = Duration(seconds("24h"))

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(("warnings", "reasons"), "")
    naming: ClassVar[frozenset[str]] = frozenset({"reasons"})

    async def measure(self, sources: Sources) -> Measurement:
        since = datetime.now(UTC) - timedelta(seconds=self.window)
        counts: Counter[str] = Counter()
        objects: dict[str, dict[str, None]] = {}
        for event in await self.objects(sources, EVENTS):
            if event.get("type") == "Warning" and moment(last_seen(event)) >= since:
                about = event["involvedObject"]
                kind = f"{event.get('reason')} of {about.get('kind')}"
                counts[kind] += times_seen(event)
                objects.setdefault(kind, {})[str(about.get("name"))] = None
        top = [kind for kind, _ in counts.most_common(TOP)]
        total = sum(counts.values())
        return measured(
            "\n".join(
                [
                    f"{total} warnings in the Events that are kept",
                    *(f"{k} ({counts[k]}): {_some(objects[k])}" for k in top),
                ]
            ),
            Reading("warnings", total),
            listed("reasons", top),
        )


def last_seen(event: Object) -> str:
    """Return when an Event was last seen; such times sort as texts.

    Events that are told as a series have their last time there, others of the newer
    API only ``eventTime``.
    """
    times = (
        (event.get("series") or {}).get("lastObservedTime"),
        event.get("lastTimestamp"),
        event.get("eventTime"),
        event["metadata"].get("creationTimestamp"),
    )
    return str(next(each for each in times if each))


def times_seen(event: Object) -> int:
    """Return how often an Event was seen."""
    series = event.get("series") or {}
    return int(series.get("count") or event.get("count") or 1)


def _some(names: Iterable[str]) -> str:
    shown = list(names)
    more = ["…"] if len(shown) > _SHOWN else []
    return ", ".join([*shown[:_SHOWN], *more])
