"""Probe of Prometheus itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.prometheus.client import PrometheusProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class ServerProbe(PrometheusProbe, frozen=True, kw_only=True):
    """Measures whether Prometheus answers, and whom it tells of alerts.

    Source: ``GET /api/v1/status/buildinfo``, ``/api/v1/status/runtimeinfo`` and
    ``/api/v1/alertmanagers``.

    Readings:
        answers: yes.
        version: of the server.
        configured: whether it could read its configuration when it last tried; with
            no, it goes on with the former.
        alertmanagers: that it sends alerts to.

    Raises:
        ProbeError: it cannot be asked, or the answers are those of something else.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("answers", "version", "configured", "alertmanagers"), ""
    )

    async def measure(self, sources: Sources) -> Measurement:
        built, running, known = (
            "/api/v1/status/buildinfo",
            "/api/v1/status/runtimeinfo",
            "/api/v1/alertmanagers",
        )
        build = await self.data(sources, built)
        state = await self.data(sources, running)
        told = await self.data(sources, known)
        try:
            version = str(build["version"])
            configured = bool(state["reloadConfigSuccess"])
            count = len(told["activeAlertmanagers"])
        except (KeyError, TypeError) as error:
            raise self.unreadable(running) from error
        return measured(
            f"version {version}, configuration "
            f"{'read' if configured else 'broken: the former one is in use'}, "
            f"sends alerts to {count} Alertmanagers",
            Reading("answers", True),
            Reading("version", version),
            Reading("configured", configured),
            Reading("alertmanagers", count),
        )
