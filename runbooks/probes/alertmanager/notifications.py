"""Probe of the notifications that Alertmanager sent."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.alertmanager.client import AlertmanagerProbe
from runbooks.probes.base import Measurement, measured
from runbooks.probes.sources import Sources
from runbooks.probes.text_format import families
from runbooks.results import Reading

_SENT = "alertmanager_notifications_total"
_FAILED = "alertmanager_notifications_failed_total"
_STARTED = "process_start_time_seconds"


class NotificationsProbe(AlertmanagerProbe, frozen=True, kw_only=True):
    """Measures whether notifications arrive where they are sent, since it started.

    Source: ``GET /metrics`` of Alertmanager itself, below the path that its address
    has (``--web.route-prefix``).

    Readings:
        sent: all of them, failed ones included.
        delivered: those that did not fail.
        failed, failed_share: those that did, also in %.
        failing: kinds of integrations that some failed of.
        since: how long it has been counting.

    Raises:
        ProbeError: it cannot be asked, or answers no metrics of an Alertmanager.
    """

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("sent", "delivered", "failed", "failing"), ""),
        "failed_share": "%",
        "since": "s",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"failing"})

    async def measure(self, sources: Sources) -> Measurement:
        response = await self.ask(sources, "/metrics")
        if response.status != 200:
            said = f"/metrics answered {response.status}"
            raise ProbeError(said, source=self.source, stage="query")
        try:
            found = await families(response.text)
        except ValueError as error:
            raise self.unreadable("/metrics") from error
        samples = [sample for family in found for sample in family.samples]
        if not any(sample.name == _SENT for sample in samples):
            raise self.unreadable("/metrics")
        sent = sum(s.value for s in samples if s.name == _SENT)
        failures = [s for s in samples if s.name == _FAILED and s.value]
        failed = sum(sample.value for sample in failures)
        kinds = sorted({s.labels.get("integration", "") for s in failures})
        started = next((s.value for s in samples if s.name == _STARTED), None)
        return measured(
            f"{sent:g} notifications sent, {failed:g} of them failed",
            Reading("sent", int(sent)),
            Reading("delivered", int(sent - failed)),
            Reading("failed", int(failed)),
            Reading("failed_share", 100 * failed / sent if sent else None, "%"),
            Reading("failing", ", ".join(kinds) or None),
            Reading("since", started and time.time() - started, "s"),
        )
