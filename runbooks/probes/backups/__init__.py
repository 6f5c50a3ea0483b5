"""Backups as files of this machine: dumps, archived WAL, media, drills."""

from __future__ import annotations

from runbooks.probes.backups.days import DaysProbe
from runbooks.probes.backups.drills import DrillsProbe
from runbooks.probes.backups.dumps import ContentsProbe
from runbooks.probes.backups.encryption import EncryptionProbe
from runbooks.probes.backups.logs import LogsProbe
from runbooks.probes.backups.media import SnapshotsProbe
from runbooks.probes.backups.recovery import RecoveryProbe
from runbooks.probes.backups.retention import RetentionProbe
from runbooks.probes.backups.sample import SampleProbe
from runbooks.probes.backups.wal import WalProbe
from runbooks.probes.base import Probe

PROBES: dict[str, type[Probe]] = {
    "backups.days": DaysProbe,
    "backups.drills": DrillsProbe,
    "backups.dumps": ContentsProbe,
    "backups.encryption": EncryptionProbe,
    "backups.logs": LogsProbe,
    "backups.media": SnapshotsProbe,
    "backups.recovery": RecoveryProbe,
    "backups.retention": RetentionProbe,
    "backups.sample": SampleProbe,
    "backups.wal": WalProbe,
}
