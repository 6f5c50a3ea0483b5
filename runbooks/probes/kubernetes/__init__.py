"""Probes of a Kubernetes cluster and of the application that runs on it.

One aspect a file; `reader` asks the API server, `objects` lists a kind once a pass,
`application` finds the application's Deployments by their labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbooks.probes.kubernetes.autoscalers import AutoscalersProbe
from runbooks.probes.kubernetes.certificates import CertificatesProbe
from runbooks.probes.kubernetes.cluster import ClusterItselfProbe
from runbooks.probes.kubernetes.disruption_budgets import DisruptionBudgetsProbe
from runbooks.probes.kubernetes.encryption import EncryptionProbe
from runbooks.probes.kubernetes.events import EventsProbe
from runbooks.probes.kubernetes.gpu_nodes import GPUNodesProbe
from runbooks.probes.kubernetes.gpus import GPUsProbe
from runbooks.probes.kubernetes.health import HealthProbe
from runbooks.probes.kubernetes.ingress import IngressProbe
from runbooks.probes.kubernetes.ingress_nginx import IngressNginxProbe
from runbooks.probes.kubernetes.jobs import JobsProbe
from runbooks.probes.kubernetes.limits import EveryLimitProbe, LimitsProbe
from runbooks.probes.kubernetes.log_errors import LogErrorsProbe
from runbooks.probes.kubernetes.login import RightsProbe
from runbooks.probes.kubernetes.logs import LogsProbe
from runbooks.probes.kubernetes.network_policies import NetworkPoliciesProbe
from runbooks.probes.kubernetes.node_autoscaler import NodeAutoscalerProbe
from runbooks.probes.kubernetes.quotas import QuotasProbe
from runbooks.probes.kubernetes.replicas import ReplicasProbe
from runbooks.probes.kubernetes.restarts import RestartsProbe
from runbooks.probes.kubernetes.rollout import RolloutProbe
from runbooks.probes.kubernetes.scale_down import ScaleDownProbe
from runbooks.probes.kubernetes.scale_up import ScaleUpProbe
from runbooks.probes.kubernetes.schedule import ScheduleProbe
from runbooks.probes.kubernetes.secret_ages import SecretAgesProbe
from runbooks.probes.kubernetes.security import SecurityProbe
from runbooks.probes.kubernetes.shippers import ShippersProbe
from runbooks.probes.kubernetes.tags import TagsProbe
from runbooks.probes.kubernetes.unused import UnusedProbe
from runbooks.probes.kubernetes.usage import UsageProbe
from runbooks.probes.kubernetes.volumes import VolumesProbe

if TYPE_CHECKING:
    from runbooks.probes.base import Probe

PROBES: Mapping[str, type[Probe]] = {
    "kubernetes.autoscalers": AutoscalersProbe,
    "kubernetes.certificates": CertificatesProbe,
    "kubernetes.cluster": ClusterItselfProbe,
    "kubernetes.disruption_budgets": DisruptionBudgetsProbe,
    "kubernetes.encryption": EncryptionProbe,
    "kubernetes.events": EventsProbe,
    "kubernetes.every_limit": EveryLimitProbe,
    "kubernetes.gpu_nodes": GPUNodesProbe,
    "kubernetes.gpus": GPUsProbe,
    "kubernetes.health": HealthProbe,
    "kubernetes.ingress": IngressProbe,
    "kubernetes.ingress_nginx": IngressNginxProbe,
    "kubernetes.jobs": JobsProbe,
    "kubernetes.limits": LimitsProbe,
    "kubernetes.log_errors": LogErrorsProbe,
    "kubernetes.logs": LogsProbe,
    "kubernetes.network_policies": NetworkPoliciesProbe,
    "kubernetes.node_autoscaler": NodeAutoscalerProbe,
    "kubernetes.quotas": QuotasProbe,
    "kubernetes.replicas": ReplicasProbe,
    "kubernetes.restarts": RestartsProbe,
    "kubernetes.rights": RightsProbe,
    "kubernetes.rollout": RolloutProbe,
    "kubernetes.scale_down": ScaleDownProbe,
    "kubernetes.scale_up": ScaleUpProbe,
    "kubernetes.schedule": ScheduleProbe,
    "kubernetes.secret_ages": SecretAgesProbe,
    "kubernetes.security": SecurityProbe,
    "kubernetes.shippers": ShippersProbe,
    "kubernetes.tags": TagsProbe,
    "kubernetes.unused": UnusedProbe,
    "kubernetes.usage": UsageProbe,
    "kubernetes.volumes": VolumesProbe,
}
