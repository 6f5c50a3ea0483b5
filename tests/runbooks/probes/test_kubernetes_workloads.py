"""Probes of what runs in a cluster: replicas, rollouts, health, resources, Jobs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runbooks import probes
from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement
from runbooks.probes.kubernetes.quantities import age, amount, moment
from runbooks.probes.kubernetes.scheduling import chooses, repelling
from runbooks.probes.sources import Sources
from tests.runbooks.probes.kubernetes_api import KubernetesAPI, kubernetes_api
from tests.runbooks.probes.kubernetes_workloads import (
    Cluster,
    ago,
    autoscaler,
    claim,
    container,
    deployment,
    job,
    labels,
    made,
    node,
    pod_spec,
    pods,
    replica_set,
)

Look = Callable[..., Awaitable[Any]]


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def api() -> Iterator[KubernetesAPI]:
    with kubernetes_api([]) as api:
        yield api
        assert api.violations == []


@pytest.fixture
def look(api: KubernetesAPI, cluster: Cluster, tmp_path: Path) -> Look:
    """Look with one probe of the family at the cluster as it is by then."""

    async def look(name: str, **parameters: Any) -> Seen:
        api.objects = cluster.objects
        config = api.kubeconfig(tmp_path / "kubeconfig")
        cls = probes.probe_class(f"kubernetes.{name}")
        probe = probes.build(cls, {"kubeconfig": str(config), **parameters})
        async with Sources() as sources:
            return Seen(await probe.look(sources))

    return look


class Seen:
    """Values of readings, by name."""

    def __init__(self, measurement: Measurement) -> None:
        self.measurement = measurement

    def __getattr__(self, name: str) -> Any:
        reading = self.measurement.reading(name)
        assert reading, f"no reading {name}"
        return reading.value


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
    done = {"name": "wait", "state": ended("Completed", 0, hours=1)}
    looping = {"name": "wait", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
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
    look: Look, cluster: Cluster, api: KubernetesAPI
) -> None:
    measured = [each for each in cluster.rest if each["kind"] == "PodMetrics"]
    cluster.rest = [each for each in cluster.rest if each not in measured]
    with pytest.raises(ProbeError, match="has no metrics API") as caught:
        await look("usage")
    assert "metrics-server" in caught.value.__notes__[0]
    api.groups = {"metrics.k8s.io"}
    with pytest.raises(ProbeError, match="no metrics of these pods yet"):
        await look("usage")


async def test_security_of_containers_over_that_of_pods(
    look: Look, cluster: Cluster
) -> None:
    own = cluster.container("api")["securityContext"]
    own |= {"runAsUser": 101, "seccompProfile": {"type": "Unconfined"}}
    own["capabilities"] = {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}
    init = container("chown", "1", "1Gi", securityContext={"runAsUser": 0})
    cluster.spec("worker")["initContainers"] = [init]
    volumes = cluster.spec("worker")["volumes"]
    volumes += [
        {"name": "card", "hostPath": {"path": "/dev/dri/renderD128"}},
        {"name": "etc", "hostPath": {"path": "/dev/driver"}},
    ]
    nightly = {"spec": {"template": cluster.api["spec"]["template"]}}
    owner = [{"kind": "CronJob", "name": "nightly", "uid": "u"}]
    cluster.rest += [
        made("CronJob", "batch/v1", "nightly", spec={"jobTemplate": nightly}),
        job("nightly-1", "Complete", ownerReferences=owner),
        made(
            "StatefulSet",
            "apps/v1",
            "queue",
            metadata={"labels": labels("queue")},
            spec={"template": {"spec": {"hostPID": True, "containers": []}}},
        ),
        made(
            "DaemonSet",
            "apps/v1",
            "of-somebody-else",
            spec={"template": {"spec": {"hostNetwork": True, "containers": []}}},
        ),
    ]
    seen = await look("security")
    assert seen.system_user == seen.unconfined == "transcript-api/api, nightly/api"
    assert seen.root == seen.escalating == seen.writable == "transcript-worker/chown"
    assert seen.capabilities_kept == "transcript-worker/chown"
    assert "nightly-1" not in seen.measurement.evidence
    assert seen.capabilities_added is seen.writable_privileged is None
    assert (seen.host_namespaces, seen.host_paths) == (
        "queue",
        "transcript-worker /dev/driver",
    )
    cluster.spec("worker")["securityContext"] = {"runAsNonRoot": True}
    assert (await look("security")).user_unset == "transcript-worker/worker"
    cluster.spec("worker")["securityContext"] = {"runAsUser": 1000}
    seen = await look("security")
    assert seen.root_allowed == "transcript-worker/chown, transcript-worker/worker"


async def test_nothing_of_the_application(look: Look, cluster: Cluster) -> None:
    with pytest.raises(ProbeError, match="nothing labelled another"):
        await look("security", application="another")


async def test_what_lies_behind_a_path(look: Look, cluster: Cluster) -> None:
    own = cluster.container("worker")
    seen = await look("volumes", path="/data/raw/x")
    assert (seen.claims, seen.unmounted, seen.torn) == ("transcript-data", None, None)
    own["volumeMounts"].append({"name": "tmp", "mountPath": "/data/scratch"})
    seen = await look("volumes", path="/data/scratch/x")
    assert (seen.claims, seen.fleeting) == ("transcript-data", "worker")
    seen = await look("volumes", path="/srv")
    assert (seen.unmounted, seen.claims) == ("api, worker", None)
    seen = await look("volumes", path="/tmp/x", components=["worker"])
    assert (seen.fleeting, seen.unmounted) == ("worker", None)

    wanted = {"configMapKeyRef": {"name": "config", "key": "home"}}
    own["env"] = [{"name": "HF_HOME", "valueFrom": wanted}]
    own["volumeMounts"].append({"name": "models", "mountPath": "/models"})
    config = made("ConfigMap", "v1", "config", data={"home": "/models/hf"})
    cluster.rest.append(config)
    volumes = cluster.spec("worker")["volumes"]
    cache = {"components": ["worker"], "path": "/cache", "variable": "HF_HOME"}
    volumes.append({"name": "models", "hostPath": {"path": "/var/models"}})
    seen = await look("volumes", **cache)
    assert (seen.on_node, seen.claims) == ("worker", None)
    volumes[-1] = {"name": "models", "nfs": {"server": "nas", "path": "/m"}}
    seen = await look("volumes", **cache)
    assert seen.on_node is seen.fleeting is seen.unmounted is None
    own["env"] = []
    assert (await look("volumes", **cache)).claims == "transcript-cache"


async def test_claims(look: Look, cluster: Cluster) -> None:
    data, cache = cluster.claims
    data["status"]["accessModes"] = ["ReadWriteOnce"]
    cache["status"] = {"phase": "Pending"}
    cache["spec"] |= {"storageClassName": "nowhere", "accessModes": ["ReadWriteOnce"]}
    cluster.container("api")["volumeMounts"].pop(1)
    cluster.worker_pods[1]["spec"]["nodeName"] = "c"
    seen = await look("volumes")
    assert (seen.unshared, seen.torn) == (
        "transcript-cache, transcript-data",
        "transcript-data",
    )
    assert seen.unbound == seen.unclassed == "transcript-cache"
    assert (seen.small, seen.missing) == (None, None)
    seen = await look("volumes", least="100Gi")
    assert seen.small == "transcript-cache"
    cluster.claims = [claim("transcript-cache", mode="ReadOnlyMany")]
    mounts = cluster.container("worker")["volumeMounts"]
    mounts[0]["readOnly"] = True
    seen = await look("volumes", path="/data")
    assert (seen.missing, seen.read_only) == ("transcript-data", "worker")
    seen = await look("volumes", path="/cache", components=["worker"])
    assert (seen.unshared, seen.claims) == (None, "transcript-cache")


async def test_a_size_that_is_none(look: Look) -> None:
    with pytest.raises(ProbeError, match="least: 'much' is no quantity"):
        await look("volumes", least="much")


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
    look: Look, cluster: Cluster, api: KubernetesAPI
) -> None:
    seen = await look("cluster")
    assert (seen.ready, seen.minor, seen.nodes, seen.zones) == (True, 31, 4, 4)
    api.version = {"major": "1", "minor": "24+", "gitVersion": "v1.24.9-eks"}
    api.ready = False
    cluster.nodes[0]["status"]["conditions"][0]["status"] = "True"
    cluster.nodes[1]["status"]["conditions"][-1]["status"] = "Unknown"
    cluster.nodes[2]["metadata"]["labels"] = {}
    seen = await look("cluster")
    assert (seen.answers, seen.ready, seen.minor, seen.nodes) == (True, False, 24, 3)
    assert (seen.under_pressure, seen.not_ready, seen.zones) == ("a", "b", 2)
    api.broken["/readyz"] = 403
    with pytest.raises(ProbeError, match="no permission to get /readyz"):
        await look("cluster")
    api.broken["/version"] = "garbage"
    with pytest.raises(ProbeError, match="/version answered something else"):
        await look("cluster")
    api.broken["/version"] = 404
    with pytest.raises(ProbeError, match="names no version"):
        await look("cluster")
