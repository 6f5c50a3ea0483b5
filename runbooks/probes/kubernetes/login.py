"""Probe of what the login itself may do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Duration, Measurement, measured
from runbooks.probes.kubernetes.application import ClusterProbe, listed
from runbooks.probes.kubernetes.certificates import (
    CERTIFICATES,
    CLUSTER_ISSUERS,
    ISSUERS,
)
from runbooks.probes.kubernetes.disruption_budgets import BUDGETS
from runbooks.probes.kubernetes.encryption import SYSTEM
from runbooks.probes.kubernetes.events import EVENTS
from runbooks.probes.kubernetes.ingress import ENDPOINT_SLICES
from runbooks.probes.kubernetes.network_rules import POLICIES
from runbooks.probes.kubernetes.node_autoscaler import NODE_POOLS
from runbooks.probes.kubernetes.node_autoscaler import READING as AUTOSCALER_STATUS
from runbooks.probes.kubernetes.objects import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    NAMESPACES,
    NODES,
    PODS,
    SECRETS,
    api_groups,
)
from runbooks.probes.kubernetes.pod_logs import READING
from runbooks.probes.kubernetes.quotas import QUOTAS
from runbooks.probes.kubernetes.resources import LIMIT_RANGES
from runbooks.probes.kubernetes.rights import Right, allows
from runbooks.probes.kubernetes.rollout import REPLICA_SETS
from runbooks.probes.kubernetes.scaling import AUTOSCALERS
from runbooks.probes.kubernetes.secret_ages import EXTERNAL_SECRETS
from runbooks.probes.kubernetes.shippers import DAEMON_SETS as EVERY_DAEMON_SET
from runbooks.probes.kubernetes.templates import (
    CRON_JOBS,
    DAEMON_SETS,
    JOBS,
    STATEFUL_SETS,
)
from runbooks.probes.kubernetes.unused import VOLUMES
from runbooks.probes.kubernetes.usage import POD_METRICS
from runbooks.probes.kubernetes.volumes import CLAIMS, CLASSES
from runbooks.probes.kubernetes.ways_in import INGRESS_CLASSES, INGRESSES, SERVICES
from runbooks.probes.sources import Sources
from runbooks.results import Reading

KINDS = (
    *(AUTOSCALERS, CERTIFICATES, CLAIMS, CLASSES, CLUSTER_ISSUERS, CONFIG_MAPS),
    *(CRON_JOBS, DAEMON_SETS, DEPLOYMENTS, ENDPOINT_SLICES, EVENTS, EXTERNAL_SECRETS),
    *(INGRESS_CLASSES, INGRESSES, ISSUERS, JOBS, LIMIT_RANGES, NAMESPACES, NODES),
    *(POD_METRICS, PODS, QUOTAS, REPLICA_SETS, SECRETS, SERVICES, STATEFUL_SETS),
    *(BUDGETS, EVERY_DAEMON_SET, NODE_POOLS, POLICIES, VOLUMES),
)
"""All that probes list."""
RIGHTS = (
    *(kind.listing for kind in KINDS),
    *(READING, AUTOSCALER_STATUS, Right("", "pods", namespace=SYSTEM)),
)
"""All that probes need between them."""


class RightsProbe(ClusterProbe, frozen=True, kw_only=True):
    """Asks which of the rights that probes need this login lacks.

    Source: one SelfSubjectAccessReview for each, which asks about whoever asks. It is
    a POST because it carries a question; the API server stores nothing of it, and the
    reading process can POST nothing else. ``GET /apis`` says which groups there are:
    what the cluster does not have needs no right.

    Readings:
        rights: how many were asked about.
        missing: those that are lacking, such as ``list secrets``; the evidence holds
            the rules to add.

    Raises:
        ProbeError: the cluster cannot be asked.
    """

    timeout: Duration = Duration(20)

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(("rights", "missing"), "")
    naming: ClassVar[frozenset[str]] = frozenset({"missing"})

    async def measure(self, sources: Sources) -> Measurement:
        groups = {"", *await api_groups(sources, self.connection)}
        asked = [each for each in RIGHTS if each.group in groups]
        answers = await asyncio.gather(
            *(allows(sources, self.connection, each) for each in asked)
        )
        missing = [r for r, may in zip(asked, answers, strict=True) if not may]
        return measured(
            "\n".join(each.rule for each in missing) or "nothing is lacking",
            Reading("rights", len(asked)),
            listed("missing", map(str, missing)),
        )
