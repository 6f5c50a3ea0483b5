"""Probes of the application's settings, as each of its services sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbooks.probes.settings.leaks import LeaksProbe
from runbooks.probes.settings.managers import ManagersProbe
from runbooks.probes.settings.probe import SettingsProbe

if TYPE_CHECKING:
    from runbooks.probes.base import Probe

PROBES: Mapping[str, type[Probe]] = {
    "settings": SettingsProbe,
    "settings.leaks": LeaksProbe,
    "settings.managers": ManagersProbe,
}
