"""The alert rules that a Prometheus has loaded.

Source: ``GET /api/v1/rules``,
https://prometheus.io/docs/prometheus/latest/querying/api/#rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runbooks.probes.prometheus.client import PrometheusProbe, moment
from runbooks.probes.prometheus.expression import Expression, Selector, parsed
from runbooks.probes.sources import Sources

PATH = "/api/v1/rules"


@dataclass(frozen=True, slots=True)
class Rule:
    """One alert rule.

    Attributes:
        expression: None where it is newer than what can be read.
        origins: what its recorded series are made of, as far as rules record them.
        pending: seconds that it has to hold before it fires.
        severity: the label, "" without.
        broken: whether the server fails to evaluate it.
        since: when its oldest alert that fires began, seconds since 1970, or None.
    """

    name: str
    expression: Expression | None
    origins: tuple[Selector, ...]
    pending: float
    severity: str
    broken: bool
    since: float | None

    @property
    def selectors(self) -> list[Selector]:
        """All series that it looks at, recorded ones and what they are made of."""
        own = self.expression.selectors if self.expression else []
        return list(dict.fromkeys((*own, *self.origins)))


async def alert_rules(probe: PrometheusProbe, sources: Sources) -> list[Rule]:
    """Return the alert rules, read once a pass.

    Raises:
        ProbeError: Prometheus cannot be asked.
    """
    return await sources.once((PATH, probe.url), lambda: _read(probe, sources))


async def _read(probe: PrometheusProbe, sources: Sources) -> list[Rule]:
    answer = await probe.data(sources, PATH)
    try:
        every = [rule for group in answer["groups"] for rule in group["rules"]]
        recorded = {
            str(rule["name"]): await parsed(str(rule["query"]))
            for rule in every
            if rule["type"] == "recording"
        }
        return [
            await _rule(rule, recorded) for rule in every if rule["type"] == "alerting"
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise probe.unreadable(PATH) from error


async def _rule(
    said: Mapping[str, Any], recorded: Mapping[str, Expression | None]
) -> Rule:
    expression = await parsed(str(said["query"]))
    firing = [each for each in said["alerts"] if each["state"] == "firing"]
    return Rule(
        name=str(said["name"]),
        expression=expression,
        origins=_origins(expression, recorded),
        pending=float(said["duration"]),
        severity=str(said["labels"].get("severity", "")),
        broken=said["health"] == "err",
        since=min((moment(each["activeAt"]) for each in firing), default=None),
    )


def _origins(
    expression: Expression | None, recorded: Mapping[str, Expression | None]
) -> tuple[Selector, ...]:
    found: dict[Selector, None] = {}
    waiting = [expression]
    seen = set()
    while waiting:
        each = waiting.pop()
        for selector in each.selectors if each else ():
            found[selector] = None
            if selector.metric in recorded and selector.metric not in seen:
                seen.add(selector.metric)
                waiting.append(recorded[selector.metric])
    own = expression.selectors if expression else []
    return tuple(each for each in found if each not in own)
