"""This machine: its schedules, its firewall, its disks and what lies on them."""

from __future__ import annotations

from runbooks.probes.base import Probe
from runbooks.probes.host.disk import DiskProbe
from runbooks.probes.host.encryption import EncryptionProbe
from runbooks.probes.host.file_types import FileTypesProbe
from runbooks.probes.host.firewall import FirewallProbe
from runbooks.probes.host.schedule import ScheduleProbe

PROBES: dict[str, type[Probe]] = {
    "host.disk": DiskProbe,
    "host.encryption": EncryptionProbe,
    "host.file_types": FileTypesProbe,
    "host.firewall": FirewallProbe,
    "host.schedule": ScheduleProbe,
}
