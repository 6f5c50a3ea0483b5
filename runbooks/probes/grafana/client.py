"""Grafana, asked over HTTP.

Source: https://grafana.com/docs/grafana/latest/developers/http_api/.
"""

from __future__ import annotations

from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.service import ServiceProbe
from runbooks.probes.sources import Sources


class GrafanaProbe(ServiceProbe, frozen=True, kw_only=True):
    """Asks one Grafana, with the token of a service account that may view."""

    table: ClassVar[str] = "grafana"
    server: ClassVar[str] = "Grafana"

    async def listed(
        self, sources: Sources, path: str, query: dict[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """Return the objects that a path answers.

        Raises:
            ProbeError: no answer, or the answer of something else.
        """
        answer = await self.ask_json(sources, path, query)
        if not isinstance(answer, list) or not all(isinstance(e, dict) for e in answer):
            raise self.unreadable(path)
        return answer

    async def data_sources(self, sources: Sources) -> list[dict[str, Any]]:
        return await self.listed(sources, "/api/datasources")

    def unreadable(self, path: str) -> ProbeError:
        said = f"{path} answered something that no Grafana answers"
        return ProbeError(said, source=self.source, stage="query")
