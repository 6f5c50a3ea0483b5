"""Probes of a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbooks.probes.postgres.accounts import AccountsProbe
from runbooks.probes.postgres.archiving import ArchivingProbe
from runbooks.probes.postgres.connections import ConnectionsProbe
from runbooks.probes.postgres.indexes import IndexesProbe
from runbooks.probes.postgres.privileges import PrivilegesProbe
from runbooks.probes.postgres.query import QueryProbe
from runbooks.probes.postgres.settings import SettingsProbe
from runbooks.probes.postgres.statements import StatementsProbe
from runbooks.probes.postgres.vacuum import VacuumProbe
from runbooks.probes.postgres.version import VersionProbe

if TYPE_CHECKING:
    from runbooks.probes.base import Probe

PROBES: Mapping[str, type[Probe]] = {
    "postgres.accounts": AccountsProbe,
    "postgres.archiving": ArchivingProbe,
    "postgres.connections": ConnectionsProbe,
    "postgres.indexes": IndexesProbe,
    "postgres.privileges": PrivilegesProbe,
    "postgres.query": QueryProbe,
    "postgres.settings": SettingsProbe,
    "postgres.statements": StatementsProbe,
    "postgres.vacuum": VacuumProbe,
    "postgres.version": VersionProbe,
}
