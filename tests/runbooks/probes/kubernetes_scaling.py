"""Objects about the number of pods: events of autoscalers, budgets, who adds nodes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.runbooks.probes.kubernetes_api import Object
from tests.runbooks.probes.kubernetes_workloads import (
    NAMESPACE,
    clustered,
    labels,
    made,
)


def rescaled(scaler: str, why: str, **time: Any) -> Object:
    """Return an event of the controller of autoscalers."""
    about = {"kind": "HorizontalPodAutoscaler", "name": scaler, "namespace": NAMESPACE}
    return made(
        "Event",
        "v1",
        f"{scaler}.17b4c1",
        involvedObject=about,
        reason="SuccessfulRescale",
        message=f"New size: 3; reason: {why}",
        type="Normal",
        **time,
    )


def budget(component: str, minimum: int | str, healthy: int) -> Object:
    """Return a budget of disruptions that its controller has looked at."""
    kept = int(minimum)
    return made(
        "PodDisruptionBudget",
        "policy/v1",
        f"transcript-{component}-pdb",
        metadata={"generation": 1},
        spec={"minAvailable": minimum, "selector": {"matchLabels": labels(component)}},
        status={
            "observedGeneration": 1,
            "currentHealthy": healthy,
            "desiredHealthy": kept,
            "expectedPods": healthy,
            "disruptionsAllowed": max(0, healthy - kept),
        },
    )


def node_pool(name: str) -> Object:
    return clustered("NodePool", "karpenter.sh/v1", name, spec={})


def cluster_autoscaler(**ago: float) -> Object:
    """Return the status that the Cluster Autoscaler wrote so long ago."""
    time = datetime.now(UTC) - timedelta(**ago)
    written = time.strftime("%Y-%m-%d %H:%M:%S.354884346 +0000 UTC")
    updated = {"cluster-autoscaler.kubernetes.io/last-updated": written}
    return made(
        "ConfigMap",
        "v1",
        "cluster-autoscaler-status",
        metadata={"namespace": "kube-system", "annotations": updated},
        data={"status": f"time: {written}\nautoscalerStatus: Running\n"},
    )
