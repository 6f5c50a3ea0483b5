"""Probe of the alerts that fire."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.prometheus.client import PrometheusProbe
from runbooks.probes.prometheus.loaded import alert_rules
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class AlertsProbe(PrometheusProbe, frozen=True, kw_only=True):
    """Measures which alert rules fire.

    Source: ``GET /api/v1/rules``.

    Readings:
        rules: alert rules that are loaded.
        firing: how many fire.
        critical: those that fire with the severity in question.
        others: those that fire with another, or none.
        longest: how long the one has fired that has for longest.
        broken: rules that the server cannot evaluate.

    Attributes:
        severity: the label of those that somebody has to get up for.
        ignoring: names of rules that are meant to fire always.

    Raises:
        ProbeError: Prometheus cannot be asked.
    """

    severity: str = "critical"
    ignoring: tuple[str, ...] = ("Watchdog", "DeadMansSwitch", "InfoInhibitor")

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("rules", "firing", "critical", "others", "broken"), ""),
        "longest": "s",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"critical", "others", "broken"})

    async def measure(self, sources: Sources) -> Measurement:
        every = await alert_rules(self, sources)
        firing = [
            (rule, rule.since)
            for rule in every
            if rule.since is not None and rule.name not in self.ignoring
        ]
        critical = [r.name for r, _ in firing if r.severity == self.severity]
        others = [r.name for r, _ in firing if r.severity != self.severity]
        begun = min((since for _, since in firing), default=None)
        return measured(
            f"{len(every)} alert rules, {len(firing)} fire"
            + "".join(f"\n{r.name} ({r.severity or 'no severity'})" for r, _ in firing),
            Reading("rules", len(every)),
            Reading("firing", len(firing)),
            Reading("critical", ", ".join(dict.fromkeys(critical)) or None),
            Reading("others", ", ".join(dict.fromkeys(others)) or None),
            Reading("longest", begun and time.time() - begun, "s"),
            Reading("broken", ", ".join(r.name for r in every if r.broken) or None),
        )
