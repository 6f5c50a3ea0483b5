"""Probe of how long OpenSearch keeps indices with logs."""

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

_POLICY = "index.plugins.index_state_management.policy_id"


class OpenSearchRetentionProbe(IndexProbe, frozen=True, kw_only=True):
    """Measures how long indices with logs are kept.

    Source: Index State Management: ``GET /_plugins/_ism/explain/INDEX`` says which
    policy an index has, ``GET /_plugins/_ism/policies/POLICY`` at which age of the
    index (``min_index_age``) it goes to a state that deletes it.

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
        path = f"/_plugins/_ism/explain/{quote(self.index, safe='*,')}"
        explained = await self.ask_json(sources, path)
        try:
            policies = {
                str(name): each.get(_POLICY)
                for name, each in explained.items()
                if isinstance(each, dict)
            }
        except AttributeError as error:
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
        path = f"/_plugins/_ism/policies/{quote(policy, safe='')}"
        answer: Any = await self.ask_json(sources, path)
        try:
            states = answer["policy"]["states"]
            deleting = {
                state["name"]
                for state in states
                if any("delete" in action for action in state["actions"])
            }
            ages = [
                seconds((transition.get("conditions") or {})["min_index_age"])
                for state in states
                for transition in state["transitions"]
                if transition["state_name"] in deleting
                and "min_index_age" in (transition.get("conditions") or {})
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise self.unreadable(path) from error
        return min(ages, default=0.0)
