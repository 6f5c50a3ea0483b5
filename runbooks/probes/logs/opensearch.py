"""OpenSearch and Elasticsearch as a store of logs, asked over HTTP.

Source: what their REST APIs have in common,
https://docs.opensearch.org/latest/api-reference/.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from runbooks.errors import ProbeError
from runbooks.probes.logs.store import StoreProbe
from runbooks.probes.sources import Sources


class IndexProbe(StoreProbe, frozen=True, kw_only=True):
    """Asks for the documents of indices with logs.

    Attributes:
        index: name or pattern of the indices.
        time_field: when a line was written.
        service_field: which service wrote it, as a keyword.
    """

    index: str = "logs-*"
    time_field: str = "@timestamp"
    service_field: str = "service.keyword"

    server: ClassVar[str] = "OpenSearch"

    def of_services(self, since: float) -> dict[str, Any]:
        """Return the query for lines of the services in the last seconds."""
        recent = {"range": {self.time_field: {"gte": f"now-{round(since)}s"}}}
        theirs = {"terms": {self.service_field: list(self.services)}}
        return {"bool": {"filter": [recent, theirs]}}

    async def search(self, sources: Sources, body: Mapping[str, Any]) -> Any:
        """Return the aggregations of a search that returns no documents.

        Raises:
            ProbeError: no answer, or no index.
        """
        path = f"/{quote(self.index, safe='*,')}/_search"
        source = json.dumps({"size": 0, **body}, separators=(",", ":"))
        query = {"source": source, "source_content_type": "application/json"}
        if (await self.ask(sources, path, query)).status == 404:
            said = f"there is no index {self.index}"
            raise ProbeError(said, source=self.source, stage="query")
        answer = await self.ask_json(sources, path, query)
        if not isinstance(answer, dict) or "_shards" not in answer:
            raise self.unreadable(path)
        if answer.get("timed_out"):
            said = f"{path} timed out in the cluster"
            raise ProbeError(said, source=self.source, stage="timeout")
        return answer.get("aggregations") or {}

    def unreadable(self, path: str) -> ProbeError:
        said = f"{path} answered something that no OpenSearch answers"
        return ProbeError(said, source=self.source, stage="query")
