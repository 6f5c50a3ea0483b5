"""Probe of the alerts that Loki itself raises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.logs.loki import LokiProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class LokiRulesProbe(LokiProbe, frozen=True, kw_only=True):
    """Measures which alerts on lines Loki evaluates.

    Source: ``GET /prometheus/api/v1/rules`` of its ruler.

    Readings:
        alerts: alerting rules of all kinds.
        watching: those whose name or query `pattern` is found in.
        failing: those among them that cannot be evaluated.

    Attributes:
        pattern: regular expression of what a rule about errors speaks of.

    Raises:
        ProbeError: Loki cannot be asked, or has no ruler.
    """

    pattern: str = "(?i)error|critical|exception"

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("alerts", "watching", "failing"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"watching", "failing"})

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        try:
            re.compile(parameters.get("pattern", ""))
        except re.error as error:
            return [f"pattern: no regular expression: {error}"]
        return []

    async def measure(self, sources: Sources) -> Measurement:
        path = "/prometheus/api/v1/rules"
        answer: Any = await self.ask_json(sources, path)
        try:
            rules = [
                (str(rule["name"]), str(rule["query"]), str(rule.get("health", "")))
                for group in answer["data"]["groups"]
                for rule in group["rules"]
                if rule.get("type") == "alerting"
            ]
        except (AttributeError, KeyError, TypeError) as error:
            raise self.unreadable(path) from error
        wanted = re.compile(self.pattern)
        watching = [rule for rule in rules if wanted.search(f"{rule[0]} {rule[1]}")]
        failing = [name for name, _, health in watching if health == "err"]
        names = ", ".join(name for name, _, _ in watching)
        return measured(
            f"{len(rules)} alerts on lines, of errors: {names or 'none'}",
            Reading("alerts", len(rules)),
            Reading("watching", names or None),
            Reading("failing", ", ".join(failing) or None),
        )
