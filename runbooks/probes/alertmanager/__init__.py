"""Probes of Alertmanager: whom it would tell, and whether that works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbooks.probes.alertmanager.notifications import NotificationsProbe
from runbooks.probes.alertmanager.routing import RoutingProbe
from runbooks.probes.alertmanager.server import ServerProbe
from runbooks.probes.alertmanager.silences import SilencesProbe

if TYPE_CHECKING:
    from runbooks.probes.base import Probe

PROBES: Mapping[str, type[Probe]] = {
    "alertmanager": ServerProbe,
    "alertmanager.notifications": NotificationsProbe,
    "alertmanager.routing": RoutingProbe,
    "alertmanager.silences": SilencesProbe,
}
