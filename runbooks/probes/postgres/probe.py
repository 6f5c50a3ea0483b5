"""What probes of PostgreSQL have in common."""

from __future__ import annotations

from runbooks.probes.base import Probe
from runbooks.probes.postgres.one_database import OneDatabase


class PostgresProbe(OneDatabase, Probe, frozen=True, kw_only=True):
    """Asks one database; a subclass says what."""
