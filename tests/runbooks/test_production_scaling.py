"""The shipped runbook's steps on scaling, budgets and networks of a cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.results import Finding, Result
from runbooks.runner import Runner
from runbooks.target import Target
from tests.runbooks.kubernetes_steps import found_by, results, steps
from tests.runbooks.probes.kubernetes_api import TOKEN, KubernetesAPI, Object
from tests.runbooks.probes.kubernetes_networks import (
    namespace,
    policies,
    shipped_policies,
)
from tests.runbooks.probes.kubernetes_scaling import (
    budget,
    cluster_autoscaler,
    rescaled,
)
from tests.runbooks.probes.kubernetes_workloads import Cluster, ago, autoscaler

OURS = (
    "infra.network-firewall",
    "netsec.network-policies",
    "resources.hpa",
    "resources.pdb",
    "dr.multi-region",
    "scaling.autoscaling",
    "scaling.scale-up-triggers",
    "scaling.scale-down",
)
SPACES = ("ingress-nginx", "kube-system", "transcripts")


@pytest.fixture
def scalers(cluster: Cluster, kubernetes: KubernetesAPI) -> dict[str, Object]:
    """Make the cluster as the checklist wants it, and return its autoscalers."""
    old = [e for e in cluster.rest if e["kind"] == "HorizontalPodAutoscaler"]
    cluster.rest = [each for each in cluster.rest if each not in old]
    found = {
        "api": autoscaler(cluster.api, 3, 10, cpu=(70, 41), memory=(80, 55)),
        "worker": autoscaler(
            cluster.worker, 2, 3, videos_pending=("5", "2"), cpu=(70, 35)
        ),
    }
    waits = {"scaleDown": {"stabilizationWindowSeconds": 600}}
    found["worker"]["spec"]["behavior"] = waits
    fewer = "All metrics below target"
    cluster.rest += [
        *found.values(),
        *(
            rescaled(f"transcript-{each}-hpa", fewer, lastTimestamp=ago(minutes=9))
            for each in found
        ),
        budget("api", 2, 3),
        budget("worker", 1, 2),
        cluster_autoscaler(seconds=8),
        *policies(),
        *map(namespace, SPACES),
    ]
    for each in cluster.nodes:
        each["metadata"]["labels"]["topology.kubernetes.io/region"] = "eu-1"
    kubernetes.groups = {"crd.projectcalico.org"}
    return found


async def findings(
    api: KubernetesAPI, directory: Path, cluster: Cluster
) -> dict[str, Finding]:
    return await found_by(api, directory, cluster.objects, OURS)


async def test_a_cluster_as_the_checklist_wants_it(
    kubernetes: KubernetesAPI,
    cluster: Cluster,
    scalers: dict[str, Object],
    tmp_path: Path,
) -> None:
    found = await findings(kubernetes, tmp_path, cluster)
    assert results(found) == dict.fromkeys(OURS, "pass"), found
    assert max(kubernetes.requests.values()) == 1, kubernetes.requests
    assert TOKEN not in repr(found)
    assert "a: Ready, eu-1, zone-a" in found["dr.multi-region"].evidence


async def test_a_cluster_with_the_shipped_manifests(
    kubernetes: KubernetesAPI,
    cluster: Cluster,
    scalers: dict[str, Object],
    tmp_path: Path,
) -> None:
    made = {name: each for name, each in scalers.items()}
    made["worker"]["status"]["currentMetrics"][0] = {"type": ""}
    del made["worker"]["spec"]["behavior"]
    gone = ("NetworkPolicy", "Event", "ConfigMap")
    cluster.rest = [each for each in cluster.rest if each["kind"] not in gone]
    cluster.rest += shipped_policies()
    kubernetes.groups = set()
    found = await findings(kubernetes, tmp_path, cluster)
    assert results(found) == {
        "infra.network-firewall": "pass",
        "netsec.network-policies": "fail",
        "resources.hpa": "warn",
        "resources.pdb": "pass",
        "dr.multi-region": "pass",
        "scaling.autoscaling": "warn",
        "scaling.scale-up-triggers": "warn",
        "scaling.scale-down": "warn",
    }
    assert "videos_pending" in found["resources.hpa"].reason
    judged = {j.reading.name: j.result for j in found["netsec.network-policies"].judged}
    assert judged["without_dns_tcp"] is judged["enforcer"] is Result.WARN
    assert judged["without_internet"] is Result.FAIL


async def test_a_cluster_that_is_nearly_right(
    kubernetes: KubernetesAPI,
    cluster: Cluster,
    scalers: dict[str, Object],
    tmp_path: Path,
) -> None:
    scalers["worker"]["spec"] |= {"maxReplicas": 5, "metrics": []}
    scalers["api"]["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] = (
        90
    )
    del scalers["worker"]["spec"]["behavior"]
    for each in cluster.rest:
        if each["kind"] == "PodDisruptionBudget":
            each["status"]["disruptionsAllowed"] = 0
        if each["kind"] == "ConfigMap":
            cluster.rest[cluster.rest.index(each)] = cluster_autoscaler(hours=1)
    for each in cluster.nodes:
        each["metadata"]["labels"]["topology.kubernetes.io/zone"] = "zone-a"
    kubernetes.groups = set()
    found = results(await findings(kubernetes, tmp_path, cluster))
    assert found == {
        **dict.fromkeys(OURS, "warn"),
        "infra.network-firewall": "pass",
        "scaling.scale-up-triggers": "fail",
    }


async def test_a_cluster_in_which_everything_is_wrong(
    kubernetes: KubernetesAPI,
    cluster: Cluster,
    scalers: dict[str, Object],
    tmp_path: Path,
) -> None:
    scalers["api"]["status"]["conditions"][1]["status"] = "False"
    scalers["api"]["status"]["currentMetrics"] = []
    rules = {"scaleDown": {"stabilizationWindowSeconds": 0}}
    scalers["worker"]["spec"]["behavior"] = rules
    for each in cluster.rest:
        if each["kind"] == "PodDisruptionBudget":
            each["spec"]["selector"] = {"matchLabels": {"app": "transcript-api"}}
    cluster.rest = [each for each in cluster.rest if each["kind"] != "NetworkPolicy"]
    found = results(await findings(kubernetes, tmp_path, cluster))
    assert found == {
        **dict.fromkeys(OURS, "fail"),
        "infra.network-firewall": "warn",
        "dr.multi-region": "pass",
    }


@pytest.mark.parametrize("platform", ["compose", "processes"])
async def test_elsewhere_they_do_not_apply(platform: str) -> None:
    runner = Runner(Target("x", facts={"platform": platform}))
    found = {id: found async for id, found in runner.probe_all(steps(OURS))}
    asked = found.pop("dr.multi-region")  # a person is, wherever it runs
    assert asked.result == "unknown" and f"platform is {platform}" in asked.reason
    assert set(results(found).values()) == {"n/a"}, found


async def test_without_permission_nobody_can_tell(
    kubernetes: KubernetesAPI,
    cluster: Cluster,
    scalers: dict[str, Object],
    tmp_path: Path,
) -> None:
    kubernetes.denied = {
        "horizontalpodautoscalers",
        "networkpolicies",
        "nodes",
        "poddisruptionbudgets",
    }
    found = await findings(kubernetes, tmp_path, cluster)
    assert results(found) == dict.fromkeys(OURS, "unknown"), found
    assert "no permission to list networkpolicies" in (
        found["netsec.network-policies"].reason
    )
