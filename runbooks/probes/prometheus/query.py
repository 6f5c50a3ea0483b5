"""Probe of what one PromQL query answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Literal

from runbooks.probes.base import Measurement
from runbooks.probes.prometheus.client import PrometheusProbe, Sample, told
from runbooks.probes.prometheus.expression import NAME, Selector, parsed
from runbooks.probes.sources import Sources
from runbooks.results import Reading

SHOWN = 10
"""Series that the evidence shows."""
_SHORT = 60
"""Characters of the query that tell it from a step's other ones."""
_MOST_NAMES = 30
"""Metrics that one pattern is taken for, so that addresses stay short."""


class QueryProbe(PrometheusProbe, frozen=True, kw_only=True):
    """Measures what one instant query answers.

    Source: ``GET /api/v1/query``. Where it answers several series, that with the
    worst value is told. Not a number (nothing divided by nothing) and infinity are no
    values: a series that has nothing else counts, its value is absent.

    Readings:
        value: of the worst series.
        percent: the same where it is a share, 0.5 read as 50 %.
        seconds, bytes: the same, with that unit.
        series: how many there are.
        labels: of the worst series.
        age: of the newest sample of what the query reads, that of the oldest metric
            where it reads several, in seconds by the server's clock; absent where
            there is none, or where its expression is newer than what can be read.

    Attributes:
        query: the PromQL.
        worst: which of several values is.

    Raises:
        ProbeError: Prometheus cannot be asked, or knows no such query.
    """

    query: str
    worst: Literal["highest", "lowest"] = "highest"

    readings: ClassVar[Mapping[str, str]] = {
        "value": "",
        "percent": "%",
        "seconds": "s",
        "bytes": "B",
        "series": "",
        "labels": "",
        "age": "s",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"labels"})

    @property
    def thing(self) -> str:
        short = self.query if len(self.query) <= _SHORT else self.query[:_SHORT] + "…"
        return f"{self.source} {short}"

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.samples(sources, self.query)
        numbers = sorted(
            (each for each in found if math.isfinite(each.value)),
            key=lambda each: each.value,
            reverse=self.worst == "highest",
        )
        value = numbers[0].value if numbers else None
        labels = told(numbers[0].labels) if numbers else ""
        age = await self._age(sources)
        readings = [
            Reading("value", value),
            Reading("percent", None if value is None else 100 * value, "%"),
            Reading("seconds", value, "s"),
            Reading("bytes", value, "B"),
            Reading("series", len(found)),
            Reading("labels", labels or None),
            Reading("age", age, "s"),
        ]
        nothing = "no number: nothing divided by nothing" if found else "no series"
        lacking = {
            each.name: "no series" if each.name == "age" else nothing
            for each in readings
            if each.value is None and each.name != "labels"
        }
        return Measurement(
            {each.name: each for each in readings},
            _evidence(self.query, numbers, len(found)),
            lacking=lacking,
        )

    async def _age(self, sources: Sources) -> float | None:
        expression = await parsed(self.query)
        selectors = [
            named
            for each in (expression.selectors if expression else [])
            for named in await self._named(sources, each)
        ]
        if not selectors:
            return None
        # One answer for each metric, kept apart by a label of its own.
        parts = (
            f'label_replace(time() - max(timestamp({each})), "part", "{n}", "", "")'
            for n, each in enumerate(selectors)
        )
        ages = await self.samples(sources, " or ".join(parts))
        return max((max(each.value, 0.0) for each in ages), default=None)

    async def _named(self, sources: Sources, selector: Selector) -> list[Selector]:
        """Tell metrics of several names apart, which ``timestamp`` does not."""
        if selector.metric:
            return [selector]
        found = await self.samples(sources, f"count by ({NAME}) ({selector})")
        others = tuple(each for each in selector.matchers if each[0] != NAME)
        names = [each.labels[NAME] for each in found]
        return [Selector(name, others) for name in names[:_MOST_NAMES]]


def _evidence(query: str, numbers: list[Sample], count: int) -> str:
    lines = [f"{query}: {count} series"]
    lines += [
        f"{told(each.labels) or 'all'}: {each.value:g}" for each in numbers[:SHOWN]
    ]
    if len(numbers) > SHOWN:
        lines.append(f"and {len(numbers) - SHOWN} more")
    return "\n".join(lines)
