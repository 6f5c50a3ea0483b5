"""Reports that other tools wrote: load tests, audits of dependencies."""

from __future__ import annotations

from runbooks.probes.base import Probe
from runbooks.probes.reports.dependencies import DependenciesProbe
from runbooks.probes.reports.load_test import LoadTestProbe

PROBES: dict[str, type[Probe]] = {
    "reports.dependencies": DependenciesProbe,
    "reports.load_test": LoadTestProbe,
}
