"""Probe of the dashboards in Grafana."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.grafana.client import GrafanaProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class DashboardsProbe(GrafanaProbe, frozen=True, kw_only=True):
    """Measures which dashboards there are.

    Source: ``GET /api/search?type=dash-db``; what the token may not view is not
    there.

    Readings:
        wanted: how many are asked for.
        found: how many of those there are.
        missing: the others, by their uid, title or tag.
        dashboards: all that there are.

    Attributes:
        uids, titles, tags: dashboards that there should be; of a tag at least one.

    Raises:
        ProbeError: Grafana cannot be asked.
    """

    uids: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("wanted", "found", "missing", "dashboards"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"missing"})

    async def measure(self, sources: Sources) -> Measurement:
        query = {"type": "dash-db", "limit": "5000"}
        known = await self.listed(sources, "/api/search", query)
        uids = {str(each.get("uid")) for each in known}
        titles = {str(each.get("title")) for each in known}
        tags = {str(tag) for each in known for tag in each.get("tags") or []}
        wanted = (*self.uids, *self.titles, *self.tags)
        missing = [
            *(uid for uid in self.uids if uid not in uids),
            *(title for title in self.titles if title not in titles),
            *(tag for tag in self.tags if tag not in tags),
        ]
        lines = [
            f"{each.get('uid')}: {each.get('title')} in "
            f"{each.get('folderTitle') or 'no folder'}"
            for each in known
            if each.get("uid") in self.uids or each.get("title") in self.titles
        ]
        return measured(
            "\n".join([f"{len(known)} dashboards", *lines]),
            Reading("wanted", len(wanted)),
            Reading("found", len(wanted) - len(missing)),
            Reading("missing", ", ".join(missing) or None),
            Reading("dashboards", len(known)),
        )
