"""Probes of CPU, memory and GPUs: what is asked for, used, and there."""

from __future__ import annotations

from typing import Any

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.quantities import age, amount, moment
from runbooks.probes.kubernetes.scheduling import chooses, repelling
from tests.runbooks.probes.kubernetes_api import KubernetesAPI
from tests.runbooks.probes.kubernetes_looks import Look
from tests.runbooks.probes.kubernetes_workloads import (
    Cluster,
    ago,
    autoscaler,
    container,
    made,
    node,
)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("500m", 0.5),
        ("2", 2),
        ("1.", 1),
        (".5", 0.5),
        ("4Gi", 2**32),
        ("128974848000m", 128974848),
        ("1e3", 1000),
        ("1E", 1e18),
        ("1k", 1000),
        ("250u", 0.00025),
        (3, 3),
    ],
)
def test_quantities(written: object, number: float) -> None:
    assert amount(written) == pytest.approx(number)


@pytest.mark.parametrize("written", ["", "Gi", "4 Gi", "4gb", "1e", "--1", None])
def test_what_is_no_quantity(written: object) -> None:
    with pytest.raises(ValueError, match="is no quantity"):
        amount(written)


def test_times() -> None:
    assert age(ago(hours=2)) == pytest.approx(7200, abs=5)
    assert moment("2026-06-05T10:00:00.000000Z") == moment("2026-06-05T12:00:00+02:00")


async def test_limits(look: Look, cluster: Cluster) -> None:
    bare = container("proxy", "1", "1Gi", resources={})
    cluster.spec("api")["containers"].append(bare)
    del cluster.container("api")["resources"]["requests"]
    seen = await look("limits", components=["api"])
    assert seen.without_cpu_limit == seen.without_memory_request == "api/proxy"
    assert (seen.cpus, seen.memory) == (2, 4 * 2**30)
    assert seen.cpu_requested == pytest.approx(100 * 3 * 2 / (4 * 15.89))
    assert seen.memory_requested == pytest.approx(100 * 3 * 4 / (4 * 64))
    every = await look("every_limit")
    assert every.without_memory_limit == "transcript-api/proxy"

    default = {"cpu": "250m", "memory": "128Mi"}
    item = {"type": "Container", "default": default, "defaultRequest": default}
    spec = {"limits": [{"type": "Pod", "max": {"cpu": "8"}}, item]}
    cluster.rest.append(made("LimitRange", "v1", "defaults", spec=spec))
    seen = await look("limits", components=["api"])
    assert seen.without_cpu_limit is seen.without_memory_request is None
    assert seen.cpu_requested == pytest.approx(100 * 3 * 2.25 / (4 * 15.89))
    assert (await look("every_limit")).without_memory_limit is None


async def test_limits_of_a_whole_pod(look: Look, cluster: Cluster) -> None:
    del cluster.container("api")["resources"]
    spec = cluster.spec("api")
    spec["resources"] = {"requests": {"cpu": "1"}, "limits": {"memory": "4Gi"}}
    sidecar = container("proxy", "1", "1Gi", restartPolicy="Always")
    spec["initContainers"] = [sidecar, container("wait", "8", "8Gi")]
    seen = await look("limits", components=["api"])
    assert (seen.without_cpu_limit, seen.without_cpu_request) == ("api/api", None)
    assert (seen.without_memory_limit, seen.memory) == (None, 4 * 2**30)
    assert seen.cpu_requested == pytest.approx(100 * 3 * 1 / (4 * 15.89))
    del spec["resources"]
    seen = await look("limits", components=["api"])
    assert (seen.cpus, seen.memory) == (None, None)
    assert seen.cpu_requested == pytest.approx(100 * 3 * 0.5 / (4 * 15.89))


async def test_room_on_nodes(look: Look, cluster: Cluster) -> None:
    for each in cluster.nodes[1:]:
        each["spec"]["unschedulable"] = True
    unmet = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    cluster.api_pods[0]["status"]["conditions"] = [unmet]
    seen = await look("limits")
    assert seen.cpu_requested == pytest.approx(100 * 5 * 0.5 / 15.89)
    assert seen.unschedulable == "transcript-api-5b7d-0"
    cluster.nodes[0]["status"]["conditions"][-1]["status"] = "Unknown"
    assert (await look("limits")).memory_requested is None


async def test_usage(look: Look, cluster: Cluster) -> None:
    seen = await look("usage")
    assert (seen.cpu, seen.memory) == (37.5, 50)
    for component in ("api", "worker"):
        del cluster.container(component)["resources"]["limits"]["cpu"]
    seen = await look("usage")
    assert (seen.cpu, seen.memory) == (None, 50)
    assert seen.measurement.lacking == {"cpu": "no container has a cpu limit"}


async def test_usage_that_nobody_measures(
    look: Look, cluster: Cluster, kubernetes: KubernetesAPI
) -> None:
    measured = [each for each in cluster.rest if each["kind"] == "PodMetrics"]
    cluster.rest = [each for each in cluster.rest if each not in measured]
    with pytest.raises(ProbeError, match="has no metrics API") as caught:
        await look("usage")
    assert "metrics-server" in caught.value.__notes__[0]
    kubernetes.groups = {"metrics.k8s.io"}
    with pytest.raises(ProbeError, match="no metrics of these pods yet"):
        await look("usage")


async def test_gpus(look: Look, cluster: Cluster) -> None:
    seen = await look("gpus")
    assert (seen.gpus, seen.most, seen.vendor, seen.there) == (1, 1, "amd", 3)
    assert seen.shared is None
    resources = cluster.container("worker")["resources"]
    resources["limits"] = {"nvidia.com/gpu": "2", "nvidia.com/gpumem": "8000"}
    seen = await look("gpus")
    assert (seen.gpus, seen.vendor, seen.there) == (2, "nvidia", 0)
    cluster.nodes[0]["status"]["allocatable"]["nvidia.com/gpu"] = "4"
    cluster.nodes[0]["metadata"]["labels"]["nvidia.com/gpu.replicas"] = "4"
    seen = await look("gpus")
    assert (seen.there, seen.shared) == (4, "a")
    resources["limits"] = {"cpu": "1"}
    seen = await look("gpus")
    assert (seen.gpus, seen.vendor) == (0, None)
    resources["claims"] = [{"name": "gpu"}]
    with pytest.raises(ProbeError, match="by a ResourceClaim, which is not counted"):
        await look("gpus")


async def test_nodes_with_gpus(look: Look, cluster: Cluster) -> None:
    seen = await look("gpu_nodes")
    assert (seen.gpus, seen.least, seen.most) == (3, 2, 3)
    other = node("e", gpus=4)
    other["metadata"]["labels"]["workload-type"] = "batch"
    cluster.nodes.append(other)
    cluster.nodes[2]["spec"]["taints"] = [{"key": "broken", "effect": "NoExecute"}]
    soft = {"key": "busy", "effect": "PreferNoSchedule"}
    cluster.nodes[3]["spec"]["taints"].append(soft)
    cluster.rest = [
        each for each in cluster.rest if each["kind"] != "HorizontalPodAutoscaler"
    ]
    cluster.rest.append(autoscaler(cluster.api, None, 9))
    seen = await look("gpu_nodes")
    assert (seen.gpus, seen.least, seen.most) == (2, 2, 2)
    assert (seen.refused, seen.passed_over) == ("c", "e")
    assert "not tolerated: broken=:NoExecute" in seen.measurement.evidence


@pytest.mark.parametrize(
    ("terms", "chosen"),
    [
        ([{"matchExpressions": [("workload-type", "In", ["gpu"])]}], "cd"),
        ([{"matchExpressions": [("workload-type", "NotIn", ["gpu"])]}], "ab"),
        ([{"matchExpressions": [("workload-type", "DoesNotExist", [])]}], "ab"),
        ([{"matchExpressions": [("memory", "Gt", ["15"])]}], "d"),
        ([{"matchExpressions": [("memory", "Lt", ["16"])]}], "c"),
        ([{"matchExpressions": [("memory", "Near", ["16"])]}], ""),
        ([{"matchFields": [("metadata.name", "In", ["c"])]}], "c"),
        ([{}, {"matchFields": [("metadata.name", "In", ["d"])]}], "d"),
    ],
)
def test_nodes_that_pods_choose(terms: list[dict[str, Any]], chosen: str) -> None:
    nodes = [node("a"), node("b"), node("c", gpus=1), node("d", gpus=2)]
    for each, memory in zip(nodes[2:], ("8", "16"), strict=True):
        each["metadata"]["labels"]["memory"] = memory
    keys = ("key", "operator", "values")
    written = [
        {
            kind: [dict(zip(keys, one, strict=True)) for one in each[kind]]
            for kind in each
        }
        for each in terms
    ]
    name = "requiredDuringSchedulingIgnoredDuringExecution"
    affinity = {"nodeAffinity": {name: {"nodeSelectorTerms": written}}}
    found = [each for each in nodes if chooses({"affinity": affinity}, each)]
    assert "".join(each["metadata"]["name"] for each in found) == chosen


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "amd.com/gpu", "value": "present"}, True),
        ({"key": "amd.com/gpu", "operator": "Equal", "value": "other"}, False),
        ({"key": "amd.com/gpu", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "amd.com/gpu", "operator": "Gt", "value": "present"}, False),
        ({"key": "nvidia.com/gpu", "operator": "Exists"}, False),
    ],
)
def test_taints_that_pods_tolerate(toleration: dict[str, str], tolerated: bool) -> None:
    kept_off = repelling({"tolerations": [toleration]}, node("c", gpus=1))
    assert kept_off == ([] if tolerated else ["amd.com/gpu=present:NoSchedule"])
