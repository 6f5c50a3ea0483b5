"""Probe of the password that Grafana comes with."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, measured
from runbooks.probes.fetching import Request, fetch
from runbooks.probes.grafana.client import GrafanaProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class DefaultLoginProbe(GrafanaProbe, frozen=True, kw_only=True):
    """Measures whether Grafana still takes the user and password that it comes with.

    Source: one ``GET /api/user`` as admin with the password admin. Grafana counts
    failed logins of a user, so that this one is never tried twice.

    Readings:
        accepted: whether it does.

    Raises:
        ProbeError: Grafana cannot be asked, or answers neither yes nor no.
    """

    intrusive: ClassVar[str] = "tries to log in to Grafana as admin, once"
    readings: ClassVar[Mapping[str, str]] = {"accepted": ""}

    async def measure(self, sources: Sources) -> Measurement:
        pair = base64.b64encode(b"admin:admin").decode()
        url = self.url.rstrip("/") + "/api/user"
        login = (("Authorization", f"Basic {pair}"),)
        response = await fetch(sources, Request(url, headers=login, ca=self.ca))
        if response.status not in (200, 401, 403):
            said = f"/api/user answered {response.status}"
            raise ProbeError(said, source=self.source, stage="query")
        accepted = response.status == 200
        said = "is taken" if accepted else "is refused"
        return measured(
            f"admin with the password admin {said}", Reading("accepted", accepted)
        )
