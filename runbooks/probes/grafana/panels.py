"""Probe of the panels of dashboards in Grafana."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from runbooks.probes.base import Measurement, measured
from runbooks.probes.grafana.client import GrafanaProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_BUILT_IN = frozenset({"grafana", "-- Grafana --", "-- Mixed --", "-- Dashboard --"})


class PanelsProbe(GrafanaProbe, frozen=True, kw_only=True):
    """Measures which panels of dashboards ask a data source that is not there.

    Source: ``GET /api/dashboards/uid/UID`` of each, and ``GET /api/datasources``.

    Readings:
        panels: in those dashboards, rows left out.
        orphaned: those whose data source is not there, as ``DASHBOARD/TITLE``.
        missing: dashboards that are not there.

    Attributes:
        uids: of the dashboards.

    Raises:
        ProbeError: Grafana cannot be asked, or the token may not list data sources.
    """

    uids: tuple[str, ...]

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("panels", "orphaned", "missing"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"orphaned", "missing"})

    async def measure(self, sources: Sources) -> Measurement:
        there = await self.data_sources(sources)
        known = {str(each.get(key)) for each in there for key in ("uid", "name")}
        found = await asyncio.gather(*(self._dashboard(sources, e) for e in self.uids))
        count = 0
        orphaned = []
        for uid, dashboard in zip(self.uids, found, strict=True):
            variables = _variables(dashboard or {})
            for panel in _panels(dashboard or {}):
                count += 1
                if any(each not in known | variables for each in _wanted(panel)):
                    orphaned.append(f"{uid}/{panel.get('title') or panel.get('id')}")
        missing = [u for u, each in zip(self.uids, found, strict=True) if each is None]
        return measured(
            f"{count} panels, {len(orphaned)} of them without a data source",
            Reading("panels", count),
            Reading("orphaned", ", ".join(orphaned) or None),
            Reading("missing", ", ".join(missing) or None),
        )

    async def _dashboard(self, sources: Sources, uid: str) -> dict[str, Any] | None:
        path = f"/api/dashboards/uid/{quote(uid, safe='')}"
        if (await self.ask(sources, path)).status == 404:
            return None
        answer = await self.ask_json(sources, path)
        dashboard = answer.get("dashboard") if isinstance(answer, dict) else None
        if not isinstance(dashboard, dict):
            raise self.unreadable(path)
        return dashboard


def _panels(holder: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the panels of a dashboard, and those that its rows hold."""
    for panel in holder.get("panels") or []:
        if not isinstance(panel, dict):
            continue
        if panel.get("type") == "row":
            yield from _panels(panel)
        else:
            yield panel


def _variables(dashboard: Mapping[str, Any]) -> set[str]:
    """Return what panels write where a data source is chosen on screen."""
    listed = (dashboard.get("templating") or {}).get("list") or []
    names = [each.get("name") for each in listed if each.get("type") == "datasource"]
    return {form for name in names for form in (f"${name}", f"${{{name}}}")}


def _wanted(panel: Mapping[str, Any]) -> Iterator[str]:
    """Yield uids or names of a panel's data sources; without one it is the default."""
    for holder in (panel, *(panel.get("targets") or [])):
        source = holder.get("datasource")
        said = source.get("uid") if isinstance(source, dict) else source
        if said and said not in _BUILT_IN:
            yield str(said)
