"""Probe of Grafana itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.grafana.client import GrafanaProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class HealthProbe(GrafanaProbe, frozen=True, kw_only=True):
    """Measures whether Grafana answers.

    Source: ``GET /api/health``, which needs no login.

    Readings:
        answers: yes.
        database: ``ok``, or ``failing`` where it cannot read its own.
        version: of the server; absent where it keeps it to itself.

    Raises:
        ProbeError: it cannot be asked, or the answer is that of something else.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("answers", "database", "version"), ""
    )

    async def measure(self, sources: Sources) -> Measurement:
        path = "/api/health"
        # 503 where the database fails, with the same body.
        response = await self.ask(sources, path)
        try:
            said = json.loads(response.body)
            database = str(said["database"])
        except (ValueError, RecursionError, KeyError, TypeError) as error:
            raise self.unreadable(path) from error
        version = str(said.get("version") or "")
        return measured(
            f"version {version or 'unknown'}, database {database}",
            Reading("answers", True),
            Reading("database", database),
            Reading("version", version or None),
        )
