"""Probe of the data sources of Grafana."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from runbooks.probes.base import Measurement, measured
from runbooks.probes.grafana.client import GrafanaProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class DataSourcesProbe(GrafanaProbe, frozen=True, kw_only=True):
    """Measures whether the data sources of Grafana answer it.

    Source: ``GET /api/datasources`` and ``GET /api/datasources/uid/UID/health`` of
    each, so that it is Grafana that asks them.

    Readings:
        count: how many there are.
        healthy: how many of them answer.
        failing: those that do not.
        unchecked: those whose plug-in cannot tell.

    Raises:
        ProbeError: Grafana cannot be asked, or the token may not list them.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("count", "healthy", "failing", "unchecked"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"failing", "unchecked"})

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.data_sources(sources)
        states = await asyncio.gather(*(self._state(sources, each) for each in found))
        names = [str(each.get("name")) for each in found]
        told = list(zip(names, states, strict=True))
        failing = [name for name, state in told if state == "failing"]
        unchecked = [name for name, state in told if state == "unchecked"]
        return measured(
            "\n".join(f"{name}: {state}" for name, state in told) or "no data source",
            Reading("count", len(found)),
            Reading("healthy", states.count("healthy")),
            Reading("failing", ", ".join(failing) or None),
            Reading("unchecked", ", ".join(unchecked) or None),
        )

    async def _state(self, sources: Sources, each: dict[str, Any]) -> str:
        uid = quote(str(each.get("uid")), safe="")
        response = await self.ask(sources, f"/api/datasources/uid/{uid}/health")
        # Plug-ins without a back end have no such route.
        if response.status in (404, 501):
            return "unchecked"
        try:
            status = json.loads(response.body)["status"]
        except (ValueError, RecursionError, KeyError, TypeError):
            return "failing"
        return "healthy" if status == "OK" else "failing"
