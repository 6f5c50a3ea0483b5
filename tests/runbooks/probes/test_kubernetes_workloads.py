"""Probes of what runs in a cluster: replicas, rollouts, health, Jobs, nodes."""

from __future__ import annotations

from typing import Any

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.probes.kubernetes_api import KubernetesAPI
from tests.runbooks.probes.kubernetes_looks import Look
from tests.runbooks.probes.kubernetes_workloads import (
    Cluster,
    ago,
    container,
    deployment,
    job,
    labels,
    pod_spec,
    pods,
    replica_set,
)


async def test_replicas(look: Look, cluster: Cluster) -> None:
    cluster.worker_pods[0]["status"]["phase"] = "Pending"
    ready = cluster.worker_pods[0]["status"]["conditions"][0]
    ready |= {"status": "False", "lastTransitionTime": ago(minutes=4)}
    gone = pods(cluster.worker, ("a", "b"))
    gone[0]["metadata"] |= {"name": "goes", "deletionTimestamp": ago(seconds=1)}
    gone[1]["metadata"]["name"] = "evicted"
    gone[1]["status"]["phase"] = "Failed"
    cluster.rest += gone
    worker = await look("replicas", components=["worker"])
    assert (worker.ready, worker.desired, worker.lacking, worker.nodes) == (1, 2, 1, 1)
    assert worker.unready_for == pytest.approx(240, abs=10)
    assert worker.pending == "transcript-worker-5b7d-0"
    both = await look("replicas")
    assert (both.ready, both.desired, both.updated, both.missing) == (1, 2, 2, None)


async def test_deployments_of_one_component_count_together(
    look: Look, cluster: Cluster
) -> None:
    canary = deployment("api", 1, cluster.spec("api"))
    canary["metadata"] |= {"name": "canary", "uid": "other"}
    track = {"app": "transcript-create", "component": "api", "track": "canary"}
    canary["spec"]["selector"] = {"matchLabels": track}
    canary["spec"]["template"]["metadata"]["labels"] = track
    canary["spec"].pop("replicas")
    canary_pods = pods(canary, ("d",))
    mine = [{"key": "track", "operator": "DoesNotExist"}]
    cluster.api["spec"]["selector"]["matchExpressions"] = mine
    cluster.rest += [canary, *canary_pods]
    seen = await look("replicas", components=["api"])
    assert (seen.ready, seen.desired, seen.nodes) == (4, 4, 3)


async def test_labels_of_a_chart_and_of_templates_alone(
    look: Look, cluster: Cluster
) -> None:
    charted = {
        "app.kubernetes.io/name": "transcript-create",
        "app.kubernetes.io/component": "api",
    }
    cluster.api["metadata"]["labels"] = {}
    cluster.api["spec"]["selector"]["matchLabels"] = charted
    cluster.api["spec"]["template"]["metadata"]["labels"] = charted
    cluster.api_pods = pods(cluster.api, ("a", "b", "c"))
    assert (await look("replicas", components=["api"])).ready == 3
    with pytest.raises(ProbeError, match="no Deployment of api, worker"):
        await look("rollout", application="another")


async def test_a_component_without_a_deployment(look: Look, cluster: Cluster) -> None:
    cluster.worker["metadata"]["labels"] = labels("gpu-worker")
    cluster.worker["spec"]["template"]["metadata"]["labels"] = labels("gpu-worker")
    seen = await look("replicas")
    assert (seen.missing, seen.ready) == ("worker", 0)
    with pytest.raises(
        ProbeError, match="transcripts has no Deployment of worker"
    ) as e:
        await look("restarts")
    assert "component=worker" in e.value.__notes__[0]


async def test_restarts(look: Look, cluster: Cluster) -> None:
    def ended(reason: str, code: int, **span: float) -> dict[str, Any]:
        said = {"reason": reason, "exitCode": code, "finishedAt": ago(**span)}
        return {"terminated": said}

    first, second = cluster.worker_pods
    status = first["status"]["containerStatuses"][0]
    status |= {"restartCount": 3, "lastState": ended("OOMKilled", 137, hours=2)}
    status = second["status"]["containerStatuses"][0]
    status |= {"restartCount": 1, "lastState": ended("OOMKilled", 137, days=2)}
    init = {**first["status"]["containerStatuses"][0], "restartCount": 0}
    init |= {"name": "wait", "lastState": {}}
    done = {**init, "state": ended("Completed", 0, hours=1)}
    looping = {**init, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    first["status"]["initContainerStatuses"] = [done]
    second["status"]["initContainerStatuses"] = [looping]
    seen = await look("restarts")
    assert seen.restarts == 4
    assert seen.restarted == seen.out_of_memory == "transcript-worker-5b7d-0/worker"
    assert seen.crash_looping == "transcript-worker-5b7d-1"
    week = await look("restarts", window="7d")
    assert week.out_of_memory.count("worker-5b7d") == 2


@pytest.mark.parametrize(
    ("strategy", "taken"),
    [
        ({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "50%"}}, 1),
        ({"rollingUpdate": {"maxUnavailable": "10%", "maxSurge": 0}}, 1),
        ({"type": "Recreate"}, 3),
    ],
)
async def test_what_a_rollout_takes_away(
    look: Look, cluster: Cluster, strategy: dict[str, Any], taken: int
) -> None:
    cluster.api["spec"]["strategy"] = strategy
    seen = await look("rollout", components=["api"])
    assert (seen.unavailable, seen.least) == (taken, 3)
    assert seen.recreating == ("api" if strategy.get("type") == "Recreate" else None)


async def test_revisions_and_images(look: Look, cluster: Cluster) -> None:
    stranger = replica_set(cluster.api, 3)
    stranger["metadata"]["ownerReferences"][0]["uid"] = "of another"
    cluster.rest += [stranger, replica_set(cluster.worker, 3)]
    images = {
        "api": f"registry.test:5000/app@sha256:{'0' * 64}",
        "worker": "registry.test:5000/app",
    }
    for component, image in images.items():
        cluster.container(component)["image"] = image
    seen = await look("rollout")
    assert (seen.revisions, seen.unpinned) == (2, "worker/worker")


async def test_health_of_the_container_that_does_the_work(
    look: Look, cluster: Cluster
) -> None:
    proxy = container("proxy", "1", "1Gi", livenessProbe={"tcpSocket": {"port": 15021}})
    cluster.spec("api")["containers"].insert(0, proxy)
    cluster.container("worker")["name"] = "main"
    cluster.spec("worker")["containers"].insert(0, proxy)
    template = cluster.worker["spec"]["template"]["metadata"]
    template["annotations"] = {"kubectl.kubernetes.io/default-container": "main"}
    seen = await look("health")
    assert (seen.liveness, seen.liveness_path) == ("httpGet /live:http", "/live")
    assert (seen.liveness_timeout, seen.readiness_period) == (5, 5)
    assert (seen.grace, seen.dangling, seen.ready) == (60, None, 3)
    seen = await look("health", components=["worker"])
    assert (seen.liveness, seen.liveness_path) == ("exec python3", None)
    assert (seen.liveness_timeout, seen.liveness_period) == (1, 10)
    assert (seen.readiness, seen.readiness_period) == (None, None)


async def test_health_that_cannot_be_known(look: Look, cluster: Cluster) -> None:
    own = cluster.container("api")
    del own["startupProbe"]
    own["livenessProbe"] = {"tcpSocket": {"port": "nowhere"}, "initialDelaySeconds": 40}
    own["readinessProbe"] = {"grpc": {"port": 8000}}
    seen = await look("health")
    assert (seen.liveness, seen.dangling) == ("tcpSocket :nowhere", "liveness")
    assert (seen.grace, seen.startup) == (40, None)
    assert seen.readiness == "grpc :8000"
    del own["livenessProbe"]
    assert (await look("health")).grace is None
    other = deployment("api", 1, pod_spec(container("api", "1", "1Gi")))
    other["metadata"]["name"] = "other"
    cluster.rest.append(other)
    with pytest.raises(ProbeError, match="other are asked for their health differ"):
        await look("health")


async def test_the_latest_job_counts(look: Look, cluster: Cluster) -> None:
    seen = await look("jobs")
    assert (seen.jobs, seen.failed, seen.unfinished) == (0, None, None)
    cluster.rest += [
        job("second", "Complete", creationTimestamp=ago(hours=1)),
        job("first", "Failed", creationTimestamp=ago(hours=2)),
    ]
    seen = await look("jobs")
    assert (seen.jobs, seen.failed, seen.unfinished) == (2, None, None)
    cluster.rest.append(job("third", creationTimestamp=ago(minutes=1)))
    assert (await look("jobs")).unfinished == "third"


async def test_the_cluster_itself(
    look: Look, cluster: Cluster, kubernetes: KubernetesAPI
) -> None:
    seen = await look("cluster")
    assert (seen.ready, seen.minor, seen.nodes, seen.zones) == (True, 31, 4, 4)
    kubernetes.version = {"major": "1", "minor": "24+", "gitVersion": "v1.24.9-eks"}
    kubernetes.ready = False
    cluster.nodes[0]["status"]["conditions"][0]["status"] = "True"
    cluster.nodes[1]["status"]["conditions"][-1]["status"] = "Unknown"
    cluster.nodes[2]["metadata"]["labels"] = {}
    seen = await look("cluster")
    assert (seen.answers, seen.ready, seen.minor, seen.nodes) == (True, False, 24, 3)
    assert (seen.under_pressure, seen.not_ready, seen.zones) == ("a", "b", 2)
    kubernetes.broken["/readyz"] = 403
    with pytest.raises(ProbeError, match="no permission to get /readyz"):
        await look("cluster")
    kubernetes.broken["/version"] = "garbage"
    with pytest.raises(ProbeError, match="/version answered something else"):
        await look("cluster")
    kubernetes.broken["/version"] = 404
    with pytest.raises(ProbeError, match="names no version"):
        await look("cluster")
