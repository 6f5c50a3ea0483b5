"""Probe of alert rules on requests that fail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.prometheus.client import PrometheusProbe
from runbooks.probes.prometheus.expression import Selector
from runbooks.probes.prometheus.loaded import Rule, alert_rules
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_STATUS = ("status", "status_code", "code")
"""Labels that hold the status of an answer."""


class FailuresProbe(PrometheusProbe, frozen=True, kw_only=True):
    """Measures which alert rules hear of requests that fail with a 5xx status.

    A rule counts when it compares, reads series of such a status, and the metric has
    series at all: those of a status that was never answered do not exist yet, and
    nothing is wrong with that.

    Source: ``GET /api/v1/rules``, and one query for each metric that rules read.

    Readings:
        rules: names of those that count.
        dead: names of those whose metric nobody exports.

    Raises:
        ProbeError: Prometheus cannot be asked.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(("rules", "dead"), "")
    naming: ClassVar[frozenset[str]] = frozenset(readings)

    async def measure(self, sources: Sources) -> Measurement:
        live: list[str] = []
        dead: list[str] = []
        for rule in await alert_rules(self, sources):
            wholes = _wholes(rule)
            there = [each for each in wholes if await self._exists(sources, each)]
            if wholes and not rule.broken:
                (live if there else dead).append(rule.name)
        return measured(
            f"alerts on failed requests: {', '.join(live) or 'none'}"
            + (f"; without series: {', '.join(dead)}" if dead else ""),
            Reading("rules", ", ".join(live) or None),
            Reading("dead", ", ".join(dead) or None),
        )

    async def _exists(self, sources: Sources, selector: Selector) -> bool:
        query = f"count({selector})"
        found = await sources.once(
            ("prometheus", self.url, query), lambda: self.samples(sources, query)
        )
        return bool(found)


def _wholes(rule: Rule) -> list[Selector]:
    """Return the requests of whatever status whose failures a rule looks at."""
    if rule.expression is None or not rule.expression.compares:
        return []
    return [
        Selector(each.metric, tuple(m for m in each.matchers if m[0] not in _STATUS))
        for each in rule.selectors
        if each.metric and any(_fails(*matcher) for matcher in each.matchers)
    ]


def _fails(label: str, operator: str, value: str) -> bool:
    """Whether a matcher means answers with 500, and none with 200."""
    if label not in _STATUS or operator not in ("=", "=~"):
        return False
    if operator == "=":
        return value in ("500", "5xx")
    try:
        return bool(re.fullmatch(value, "500")) and not re.fullmatch(value, "200")
    except re.error:
        return False
