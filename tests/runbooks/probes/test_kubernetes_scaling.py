"""Probes of autoscalers, and of what adds nodes."""

from __future__ import annotations

from typing import Any

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.node_autoscaler import STATUS
from tests.runbooks.probes.kubernetes_api import KubernetesAPI, Object
from tests.runbooks.probes.kubernetes_looks import Look
from tests.runbooks.probes.kubernetes_scaling import (
    cluster_autoscaler,
    node_pool,
    rescaled,
)
from tests.runbooks.probes.kubernetes_workloads import (
    Cluster,
    ago,
    autoscaler,
    deployment,
)


@pytest.fixture
def scaler(cluster: Cluster) -> Object:
    """The API's autoscaler, beside that of the worker."""
    made = autoscaler(cluster.api, 3, 10, cpu=(70, 41), memory=(80, 55))
    cluster.rest.append(made)
    return made


async def test_autoscalers(look: Look, cluster: Cluster, scaler: Object) -> None:
    seen = await look("autoscalers")
    assert seen.missing is seen.inactive is seen.unable is seen.unknown is None
    assert (seen.least, seen.most, seen.demand) == (2, 3, (10 + 3) * 15)
    assert "cpu 41 % of 70 %" in seen.measurement.evidence
    able, active, _ = scaler["status"]["conditions"]
    able["status"] = "False"
    active |= {"status": "False", "reason": "FailedGetResourceMetric"}
    seen = await look("autoscalers", components=["api"])
    assert (seen.least, seen.most) == (3, 10)
    assert seen.inactive == seen.unable == "transcript-api-hpa"
    assert "ScalingActive False FailedGetResourceMetric" in seen.measurement.evidence
    scaler["status"]["currentMetrics"][0] = {"type": ""}
    seen = await look("autoscalers", components=["api"])
    assert seen.unknown == "transcript-api-hpa/cpu"
    scaler["status"] = {"currentReplicas": 3, "desiredReplicas": 3}
    seen = await look("autoscalers", components=["api"])
    assert seen.inactive == "transcript-api-hpa"
    assert seen.unknown == "transcript-api-hpa/cpu, transcript-api-hpa/memory"


async def test_a_component_that_nothing_scales(look: Look, cluster: Cluster) -> None:
    elsewhere = autoscaler(deployment("web", 1, cluster.spec("api")), 3, 10)
    elsewhere["spec"]["scaleTargetRef"]["name"] = "transcript-create-api"
    stateful = autoscaler(cluster.api, 3, 10)
    stateful["spec"]["scaleTargetRef"]["kind"] = "StatefulSet"
    cluster.rest += [elsewhere, stateful]
    seen = await look("autoscalers")
    assert (seen.missing, seen.demand) == ("api", (3 + 3) * 15)
    said = "scales Deployment transcript-create-api, which is not there"
    assert said in seen.measurement.evidence
    seen = await look("autoscalers", components=["api"])
    assert (seen.least, seen.most, seen.inactive) == (None, None, None)
    seen = await look("scale_up", components=["api"])
    assert (seen.missing, seen.cpu_least, seen.blind) == ("api", None, None)
    assert (await look("scale_down", components=["api"])).window is None


async def test_what_makes_autoscalers_add_pods(
    look: Look, cluster: Cluster, scaler: Object
) -> None:
    seen = await look("scale_up")
    assert (seen.cpu_least, seen.cpu_most, seen.memory_most) == (70, 70, 80)
    assert seen.other == "transcript-worker-hpa/videos_pending"
    assert seen.unknown is seen.blind is seen.forbidden is None
    worker = cluster.rest[-2]
    worker["status"]["currentMetrics"][0] = {"type": ""}
    seen = await look("scale_up", components=["worker"])
    assert seen.unknown == "transcript-worker-hpa/videos_pending"
    assert seen.blind is None
    worker["status"]["currentMetrics"][1] = {"type": ""}
    worker["spec"]["behavior"] = {"scaleUp": {"selectPolicy": "Disabled"}}
    seen = await look("scale_up", components=["worker"])
    assert seen.blind == seen.forbidden == "transcript-worker-hpa"


@pytest.mark.parametrize(
    ("metric", "share"),
    [
        ({"resource": {"name": "cpu"}}, 60),
        ({"containerResource": {"name": "cpu", "container": "api"}}, 60),
        ({"containerResource": {"name": "cpu", "container": "other"}}, None),
    ],
)
async def test_amounts_are_shares_of_what_is_requested(
    look: Look, scaler: Object, metric: dict[str, Any], share: int | None
) -> None:
    ((kind, said),) = metric.items()
    target = {"type": "AverageValue", "averageValue": "300m"}
    written = {"type": kind[0].upper() + kind[1:], kind: {**said, "target": target}}
    scaler["spec"]["metrics"] = [written]
    seen = await look("scale_up", components=["api"])
    assert (seen.cpu_least, seen.cpu_most, seen.other) == (share, share, None)


async def test_how_pods_are_taken_away(
    look: Look, cluster: Cluster, scaler: Object
) -> None:
    name = "transcript-api-hpa"
    cluster.rest += [
        rescaled(name, "cpu resource utilization above target", lastTimestamp=ago()),
        rescaled("another-hpa", "All metrics below target", lastTimestamp=ago()),
        rescaled(
            name, "Current number of replicas below Spec.MinReplicas", eventTime=ago()
        ),
    ]
    seen = await look("scale_down")
    assert (seen.window, seen.last, seen.forbidden) == (300, None, None)
    down = "All metrics below target"
    series = {"count": 2, "lastObservedTime": ago(minutes=20)}
    cluster.rest += [
        rescaled(name, down, lastTimestamp=ago(minutes=40)),
        rescaled(name, down, eventTime=ago(hours=2), series=series),
    ]
    rules = {"stabilizationWindowSeconds": 0, "selectPolicy": "Disabled"}
    scaler["spec"]["behavior"] = {"scaleDown": rules}
    seen = await look("scale_down")
    assert (seen.window, seen.forbidden) == (0, name)
    assert seen.last == pytest.approx(20 * 60, abs=10)
    assert f"{name}: New size: 3; reason: {down}" in seen.measurement.evidence
    only = await look("scale_down", components=["worker"])
    assert (only.window, only.last) == (300, None)


async def test_what_adds_nodes(
    look: Look, cluster: Cluster, kubernetes: KubernetesAPI
) -> None:
    seen = await look("node_autoscaler")
    assert (seen.found, seen.age) == (None, None)
    cluster.rest.append(status := cluster_autoscaler(hours=2))
    seen = await look("node_autoscaler")
    assert seen.found == "Cluster Autoscaler"
    assert seen.age == pytest.approx(7200, abs=10)
    kubernetes.groups = {"karpenter.sh"}
    assert (await look("node_autoscaler")).found == "Cluster Autoscaler"
    cluster.rest.append(node_pool("gpus"))
    seen = await look("node_autoscaler")
    assert seen.found == "Karpenter, Cluster Autoscaler"
    del status["metadata"]["annotations"]
    with pytest.raises(ProbeError, match="does not say when it was written"):
        await look("node_autoscaler")


async def test_who_adds_nodes_cannot_be_asked(
    look: Look, cluster: Cluster, kubernetes: KubernetesAPI
) -> None:
    kubernetes.denied = {"configmaps"}
    with pytest.raises(ProbeError, match=r"no permission to get .*status") as caught:
        await look("node_autoscaler")
    assert 'resourceNames: ["cluster-autoscaler-status"]' in caught.value.__notes__[0]
    kubernetes.denied = {"nodepools"}
    cluster.rest.append(node_pool("gpus"))
    with pytest.raises(ProbeError, match="no permission to list nodepools") as caught:
        await look("node_autoscaler")
    assert "Add to a ClusterRole" in caught.value.__notes__[0]
    kubernetes.broken["/apis"] = "garbage"
    with pytest.raises(ProbeError, match="/apis answered something else"):
        await look("node_autoscaler")
    kubernetes.broken = {STATUS: 503}
    kubernetes.denied = set()
    with pytest.raises(ProbeError, match="answered 503"):
        await look("node_autoscaler")


@pytest.mark.parametrize("aspect", ["autoscalers", "scale_up", "scale_down"])
async def test_autoscalers_that_cannot_be_listed(
    look: Look, kubernetes: KubernetesAPI, aspect: str
) -> None:
    plural = "horizontalpodautoscalers"
    path = f"/apis/autoscaling/v2/namespaces/transcripts/{plural}"
    kubernetes.broken[path] = "garbage"
    with pytest.raises(ProbeError, match="something else than was asked for"):
        await look(aspect)
    kubernetes.broken = {}
    kubernetes.denied = {plural}
    with pytest.raises(ProbeError, match=f"no permission to list {plural}") as caught:
        await look(aspect)
    assert f'resources: ["{plural}"]' in caught.value.__notes__[0]
