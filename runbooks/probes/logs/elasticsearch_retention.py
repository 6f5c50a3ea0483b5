"""Probe of how long Elasticsearch keeps indices with logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from runbooks.durations import seconds
from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement
from runbooks.probes.logs.index_retention import NAMING, READINGS, kept
from runbooks.probes.logs.opensearch import IndexProbe
from runbooks.probes.sources import Sources


class ElasticsearchRetentionProbe(IndexProbe, frozen=True, kw_only=True):
    """Measures how long indices with logs are kept.

    Source: index lifecycle management: ``GET /INDEX/_ilm/explain`` says which policy
    an index has, ``GET /_ilm/policy/POLICY`` at which age its phase ``delete`` begins.

    Readings:
        enabled: whether any index is ever deleted.
        shortest, longest: age at which indices are deleted, in days; absent where
            one never is.
        unlimited: indices that are kept for ever.

    Raises:
        ProbeError: the cluster cannot be asked, or has no such index.
    """

    readings: ClassVar[Mapping[str, str]] = READINGS
    naming: ClassVar[frozenset[str]] = NAMING

    async def measure(self, sources: Sources) -> Measurement:
        path = f"/{quote(self.index, safe='*,')}/_ilm/explain"
        explained = await self.ask_json(sources, path)
        try:
            policies: dict[str, str | None] = {
                str(name): each["policy"] if each["managed"] else None
                for name, each in explained["indices"].items()
            }
        except (AttributeError, KeyError, TypeError) as error:
            raise self.unreadable(path) from error
        if not policies:
            said = f"there is no index {self.index}"
            raise ProbeError(said, source=self.source, stage="query")
        ages = {
            policy: await self._age(sources, policy)
            for policy in sorted({each for each in policies.values() if each})
        }
        return kept(policies, ages)

    async def _age(self, sources: Sources, policy: str) -> float:
        """Return the age at which a policy deletes, in seconds; 0 for never."""
        path = f"/_ilm/policy/{quote(policy, safe='')}"
        answer: Any = await self.ask_json(sources, path)
        try:
            phase = answer[policy]["policy"]["phases"].get("delete") or {}
            deletes = "delete" in (phase.get("actions") or {})
            # What is deleted at once is not kept for ever.
            return max(1.0, seconds(phase.get("min_age", "0ms"))) if deletes else 0.0
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise self.unreadable(path) from error
