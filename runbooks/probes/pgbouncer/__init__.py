"""Probe of PgBouncer, by its admin console."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbooks.probes.pgbouncer.pooler import PoolerProbe

if TYPE_CHECKING:
    from runbooks.probes.base import Probe

PROBES: Mapping[str, type[Probe]] = {"pgbouncer": PoolerProbe}
