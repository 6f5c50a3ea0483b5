"""Alertmanager, asked over HTTP.

Source: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml. Its
configuration may hold passwords: nothing of it is told but names and kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.service import ServiceProbe
from runbooks.probes.sources import Sources

STATUS = "/api/v2/status"


class AlertmanagerProbe(ServiceProbe, frozen=True, kw_only=True):
    """Asks one Alertmanager."""

    table: ClassVar[str] = "alertmanager"
    server: ClassVar[str] = "Alertmanager"

    async def status(self, sources: Sources) -> dict[str, Any]:
        """Return version, cluster and configuration.

        Raises:
            ProbeError: no answer, or the answer of something else.
        """
        answer = await self.ask_json(sources, STATUS)
        if not isinstance(answer, dict):
            raise self.unreadable(STATUS)
        return answer

    async def listed(
        self, sources: Sources, path: str, query: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """Return the objects that a path answers.

        Raises:
            ProbeError: no answer, or the answer of something else.
        """
        answer = await self.ask_json(sources, path, query)
        if not isinstance(answer, list) or not all(isinstance(e, dict) for e in answer):
            raise self.unreadable(path)
        return answer

    def unreadable(self, path: str) -> ProbeError:
        said = f"{path} answered something that no Alertmanager answers"
        return ProbeError(said, source=self.source, stage="query")
