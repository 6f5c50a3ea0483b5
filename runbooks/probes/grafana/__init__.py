"""Probes of Grafana: whether it shows what it should."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbooks.probes.grafana.dashboards import DashboardsProbe
from runbooks.probes.grafana.data_sources import DataSourcesProbe
from runbooks.probes.grafana.health import HealthProbe
from runbooks.probes.grafana.login import DefaultLoginProbe
from runbooks.probes.grafana.panels import PanelsProbe

if TYPE_CHECKING:
    from runbooks.probes.base import Probe

PROBES: Mapping[str, type[Probe]] = {
    "grafana.dashboards": DashboardsProbe,
    "grafana.data_sources": DataSourcesProbe,
    "grafana.default_login": DefaultLoginProbe,
    "grafana.health": HealthProbe,
    "grafana.panels": PanelsProbe,
}
