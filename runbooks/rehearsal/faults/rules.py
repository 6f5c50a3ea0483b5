"""Faults of the alert rules."""

from __future__ import annotations

from pathlib import Path

from runbooks.rehearsal import monitoring
from runbooks.rehearsal.deployment import Deployment
from runbooks.rehearsal.faults.fault import Fault
from runbooks.rehearsal.faults.settling import reload_rules


def lose(deployment: Deployment, kept: Path) -> None:
    """Take away the file, as a volume that is not mounted does."""
    monitoring.rules_file(deployment.layout).rename(kept / "rules")
    reload_rules(deployment)


def give_back(deployment: Deployment, kept: Path) -> None:
    if (kept / "rules").exists():
        (kept / "rules").rename(monitoring.rules_file(deployment.layout))
    reload_rules(deployment)


FAULTS = (
    Fault(
        "alert-rules-missing",
        "The file with Prometheus's alert rules is not where it is looked for.",
        "rules",
        lose,
        give_back,
        needs=("prometheus",),
    ),
)
