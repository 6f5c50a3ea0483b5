"""Faults of a practice deployment: injected for real, and healed again.

    from runbooks.rehearsal.faults import FAULTS

    FAULTS["redis-stopped"].inject(deployment)
    FAULTS["redis-stopped"].heal(deployment)

What each turns in the production runbook is in docs/faults.md.
"""

from __future__ import annotations

from collections.abc import Mapping

from runbooks.rehearsal.faults import (
    backups,
    containers,
    database,
    disk,
    environment,
    rules,
    serving,
    stopping,
)
from runbooks.rehearsal.faults.fault import Fault
from runbooks.rehearsal.faults.marks import injected

__all__ = ["FAULTS", "Fault", "injected"]

FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for module in (
        *(database, stopping, backups, serving, environment, disk, rules),
        containers,
    )
    for fault in module.FAULTS
}
"""By name, in the order in which they are told."""
