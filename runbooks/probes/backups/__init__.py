"""Backups as files of this machine: dumps, archived WAL, media, drills."""

from __future__ import annotations

from runbooks.probes.backups.dumps import ContentsProbe
from runbooks.probes.base import Probe

PROBES: dict[str, type[Probe]] = {"backups.dumps": ContentsProbe}
