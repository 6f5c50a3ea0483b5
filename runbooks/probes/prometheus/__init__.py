"""Probes of Prometheus: what it scrapes, what it knows and what it would tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbooks.probes.prometheus.alerts import AlertsProbe
from runbooks.probes.prometheus.failures import FailuresProbe
from runbooks.probes.prometheus.query import QueryProbe
from runbooks.probes.prometheus.rules import RulesProbe
from runbooks.probes.prometheus.server import ServerProbe
from runbooks.probes.prometheus.targets import TargetsProbe

if TYPE_CHECKING:
    from runbooks.probes.base import Probe

PROBES: Mapping[str, type[Probe]] = {
    "prometheus": ServerProbe,
    "prometheus.alerts": AlertsProbe,
    "prometheus.failures": FailuresProbe,
    "prometheus.query": QueryProbe,
    "prometheus.rules": RulesProbe,
    "prometheus.targets": TargetsProbe,
}
