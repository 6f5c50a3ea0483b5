"""Grafana Loki, asked over HTTP.

Source: https://grafana.com/docs/loki/latest/reference/loki-http-api/.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from runbooks.errors import ProbeError
from runbooks.probes.logs.store import StoreProbe
from runbooks.probes.sources import Sources


class LokiProbe(StoreProbe, frozen=True, kw_only=True):
    """Asks one Loki.

    Attributes:
        tenant: whose logs, where it has several (``X-Scope-OrgID``).
        label: which label names the service that a line is of.
        selector: LogQL selector of further labels, such as
            ``namespace="transcript-create"``.
    """

    tenant: str = ""
    label: str = "service"
    selector: str = ""

    server: ClassVar[str] = "Loki"

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        return (("X-Scope-OrgID", self.tenant),) if self.tenant else ()

    def streams(self, *services: str) -> str:
        """Return the LogQL selector of the lines of services."""
        named = json.dumps("|".join(services))
        also = f", {self.selector.strip('{} ')}" if self.selector else ""
        return f"{{{self.label}=~{named}{also}}}"

    async def values(self, sources: Sources, start: float, end: float) -> list[str]:
        """Return the values that the label has in lines of a time."""
        path = f"/loki/api/v1/label/{quote(self.label, safe='')}/values"
        found = await self._data(sources, path, {"start": _ns(start), "end": _ns(end)})
        return [str(each) for each in found or []]

    async def newest(
        self, sources: Sources, service: str, start: float, end: float
    ) -> float | None:
        """Return when the newest line of a service was written, in seconds.

        None where there is none in that time.
        """
        query = {
            "query": self.streams(service),
            "start": _ns(start),
            "end": _ns(end),
            "limit": "1",
            "direction": "backward",
        }
        found = await self._data(sources, "/loki/api/v1/query_range", query)
        try:
            times = [
                int(line[0]) for each in found["result"] for line in each["values"]
            ]
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise self.unreadable("/loki/api/v1/query_range") from error
        return max(times) / 1e9 if times else None

    async def series(
        self, sources: Sources, query: str, start: float, end: float, step: int
    ) -> list[tuple[Mapping[str, str], list[tuple[float, int]]]]:
        """Return labels, times in seconds and values of a metric query."""
        asked = {
            "query": query,
            "start": _ns(start),
            "end": _ns(end),
            "step": f"{step}s",
        }
        found = await self._data(sources, "/loki/api/v1/query_range", asked)
        try:
            return [
                (each["metric"], [(float(at), int(n)) for at, n in each["values"]])
                for each in found["result"]
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise self.unreadable("/loki/api/v1/query_range") from error

    async def _data(
        self, sources: Sources, path: str, query: Mapping[str, str] | None = None
    ) -> Any:
        answer = await self.ask_json(sources, path, query)
        if not isinstance(answer, dict) or answer.get("status") != "success":
            raise self.unreadable(path)
        return answer.get("data")

    def unreadable(self, path: str) -> ProbeError:
        said = f"{path} answered something that no Loki answers"
        return ProbeError(said, source=self.source, stage="query")


def _ns(seconds: float) -> str:
    return str(int(seconds * 1e9))
