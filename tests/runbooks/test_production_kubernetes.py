"""The shipped runbook's steps on a cluster, against a strict fake of its API.

One cluster is as the checklist wants it, one has what the shipped manifests make,
and one has what each step is there to find.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.contacts import contacted, contacts, reached
from runbooks.results import Finding
from runbooks.runner import Runner
from runbooks.target import Target
from tests.runbooks.kubernetes_steps import found_by, results, steps
from tests.runbooks.probes.kubernetes_api import (
    TOKEN,
    KubernetesAPI,
    Object,
)
from tests.runbooks.probes.kubernetes_ways import unforeseen
from tests.runbooks.probes.kubernetes_workloads import (
    Cluster,
    ago,
    autoscaler,
    claim,
    clustered,
    cron_job,
    job,
    replica_set,
)

OURS = (
    "infra.platform",
    "infra.gpu-nodes",
    "infra.storage-rwx",
    "storage.data-volume",
    "storage.cache-volume",
    "storage.media-backup-schedule",
    "database.migrations",
    "database.backups-scheduled",
    "container.non-root",
    "container.read-only-rootfs",
    "container.security-context",
    "container.resource-limits",
    "resources.api-replicas",
    "resources.worker-replicas",
    "resources.cpu",
    "resources.memory",
    "resources.gpu",
    "health.liveness",
    "health.readiness",
    "health.startup",
    "maintenance.zero-downtime",
    "maintenance.rollback",
    "backup.media.schedule",
    "backup.media.verification",
    "cost.tagging",
    "cost.unused-resources",
)
"""Steps on nodes, workloads and volumes, and on what runs and lies beside them."""
KEPT = (
    "database.backups-scheduled",
    "storage.media-backup-schedule",
    "backup.media.schedule",
    "backup.media.verification",
)
"""Steps on CronJobs."""


@pytest.fixture
def cluster() -> Cluster:
    """A cluster that also makes backups, and whose costs are shared out."""
    cluster = Cluster()
    tags = dict.fromkeys(("owner", "environment", "cost-center"), "x")
    named = {"labels": tags}
    for each in cluster.claims:
        each["metadata"] |= named
    ended = {"lastScheduleTime": ago(hours=9), "lastSuccessfulTime": ago(hours=8)}
    cluster.rest += [
        clustered("Namespace", "v1", "transcripts", metadata=named),
        cron_job("dump", "0 2 * * *", ["./scripts/backup_db.sh"], **ended),
        cron_job("media", "0 3 * * *", ["./scripts/backup_media.sh"], **ended),
        cron_job("verify", "0 4 * * 0", ["./scripts/verify_backup.sh"], **ended),
    ]
    return cluster


async def findings(
    api: KubernetesAPI, directory: Path, objects: list[Object], **facts: str
) -> dict[str, Finding]:
    return await found_by(api, directory, objects, OURS, **facts)


async def test_a_cluster_as_the_checklist_wants_it(
    kubernetes: KubernetesAPI, cluster: Cluster, tmp_path: Path
) -> None:
    cluster.rest += [autoscaler(cluster.api, 3, 10)]
    found = await findings(kubernetes, tmp_path, cluster.objects)
    assert set(found) == set(OURS)
    other = {id: said for id, said in results(found).items() if said != "pass"}
    assert other == {"resources.worker-replicas": "warn"}, found
    assert "gpus" in found["resources.worker-replicas"].reason
    assert unforeseen(kubernetes) == []
    assert max(kubernetes.requests.values()) == 1, kubernetes.requests
    assert sum(kubernetes.requests.values()) <= 22, kubernetes.requests
    assert TOKEN not in repr(found)


async def test_a_cluster_with_the_shipped_manifests(
    kubernetes: KubernetesAPI, cluster: Cluster, tmp_path: Path
) -> None:
    for component in ("api", "worker"):
        own = cluster.container(component)
        own["securityContext"]["readOnlyRootFilesystem"] = False
        own["image"] = "transcript-create:latest"
    for kind in ("livenessProbe", "startupProbe"):
        del cluster.container("worker")[kind]
    found = results(await findings(kubernetes, tmp_path, cluster.objects))
    assert {id: said for id, said in found.items() if said != "pass"} == {
        "container.read-only-rootfs": "warn",
        "resources.worker-replicas": "warn",
        "health.liveness": "warn",
        "health.startup": "warn",
        "maintenance.rollback": "warn",
    }


async def test_a_cluster_in_which_everything_is_wrong(
    kubernetes: KubernetesAPI, cluster: Cluster, tmp_path: Path
) -> None:
    own, worker = cluster.container("api"), cluster.container("worker")
    own["securityContext"] = {"privileged": True, "runAsUser": 0}
    own["resources"] = {"requests": {"cpu": "100m"}}
    own["livenessProbe"]["httpGet"]["port"] = "web"
    own["startupProbe"]["failureThreshold"] = 3
    del own["readinessProbe"]
    del worker["resources"]["limits"]["amd.com/gpu"]
    del cluster.spec("api")["volumes"][0]
    worker["env"] = []
    cluster.api["spec"]["strategy"] = {"type": "Recreate"}
    cluster.claims[1]["spec"]["accessModes"] = ["ReadWriteOnce"]
    cluster.claims[1]["status"] = {"phase": "Pending"}
    cluster.nodes[0]["status"]["conditions"][1]["status"] = "True"
    cluster.nodes[3]["spec"]["unschedulable"] = True
    cluster.api_pods[2]["status"]["conditions"][0] = {
        "type": "Ready",
        "status": "False",
        "lastTransitionTime": ago(minutes=10),
    }
    killed = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": ago(hours=1)}
    looping = {"waiting": {"reason": "CrashLoopBackOff"}}
    status = cluster.worker_pods[0]["status"]["containerStatuses"][0]
    status |= {"state": looping, "lastState": {"terminated": killed}}
    sets = [s for s in cluster.rest if s["kind"] == "ReplicaSet"]
    cluster.rest = [each for each in cluster.rest if each not in sets]
    cluster.rest += [replica_set(cluster.api, 1), replica_set(cluster.worker, 1)]
    cluster.rest += [job("migrations-1", "Complete", creationTimestamp=ago(days=9))]
    cluster.rest += [job("migrations-2", "Failed")]
    cluster.rest = [each for each in cluster.rest if each["kind"] != "Namespace"]
    for each in cluster.claims:
        del each["metadata"]["labels"]
    found = await findings(kubernetes, tmp_path, cluster.objects)
    other = {id: said for id, said in results(found).items() if said != "fail"}
    assert other == {
        **dict.fromkeys(KEPT, "pass"),
        "cost.unused-resources": "pass",
    }, found
    assert "migrations-2" in found["database.migrations"].reason


async def test_what_is_made_seldom_or_never_and_lies_about(
    kubernetes: KubernetesAPI, cluster: Cluster, tmp_path: Path
) -> None:
    backups = [each for each in cluster.rest if each["kind"] == "CronJob"]
    for each, spec in zip(
        backups,
        ({"schedule": "0 2 * * 0"}, {"suspend": True}, {"schedule": "0 4 1 * *"}),
        strict=True,
    ):
        each["spec"] |= spec
    left = claim("left")
    left["metadata"]["creationTimestamp"] = ago(days=40)
    left["status"] = {"phase": "Lost"}
    found = await findings(kubernetes, tmp_path, [*cluster.objects, left])
    said = {id: said for id, said in results(found).items() if said == "warn"}
    assert said.keys() >= {*KEPT, "cost.tagging", "cost.unused-resources"}
    assert "left" in found["cost.unused-resources"].reason
    assert "found absent" in found["storage.media-backup-schedule"].reason


@pytest.mark.parametrize("platform", ["compose", "processes"])
async def test_elsewhere_they_do_not_apply(platform: str) -> None:
    runner = Runner(Target("x", facts={"platform": platform}))
    found = {id: found async for id, found in runner.probe_all(steps(OURS))}
    assert set(results(found).values()) == {"n/a"}, found


async def test_a_profile_says_whether_it_leads_to_the_cluster(
    kubernetes: KubernetesAPI, cluster: Cluster, tmp_path: Path
) -> None:
    kubernetes.objects = cluster.objects
    config = kubernetes.kubeconfig(tmp_path / "kubeconfig")
    tables = {"kubernetes": {"kubeconfig": str(config), "context": "production"}}
    target = Target("cluster", facts={"platform": "kubernetes"}, tables=tables)
    found = {c.name: f async for c, f in contacted(target, contacts(target))}
    there = found.pop("kubernetes")
    assert reached(there), there
    assert f"at {kubernetes.url}" in there.evidence
    assert "namespace transcripts" in there.evidence
    assert {name: f.result for name, f in found.items()} == {
        "kubernetes rights": "pass"
    }


async def test_a_profile_that_names_no_cluster_asks_none() -> None:
    runner = Runner(Target("x", facts={"platform": "kubernetes", "gpu": "amd"}))
    found = {id: found async for id, found in runner.probe_all(steps(OURS))}
    reasons = {f.reason for f in found.values() if f.result.value != "n/a"}
    assert reasons == {"no [kubernetes] context in the profile"}, found


async def test_without_the_cluster_nobody_can_tell(
    tmp_path: Path, closed_port: int, kubernetes: KubernetesAPI
) -> None:
    kubernetes.url = f"http://127.0.0.1:{closed_port}"
    found = await findings(kubernetes, tmp_path, [])
    platform = found.pop("infra.platform")
    assert platform.result == "fail" and "refused the connection" in platform.reason
    assert set(results(found).values()) == {"unknown"}
    assert {finding.source for finding in found.values()} == {platform.source}


async def test_without_permission_nobody_can_tell(
    kubernetes: KubernetesAPI, cluster: Cluster, tmp_path: Path
) -> None:
    kubernetes.denied = {"deployments", "nodes", "jobs", "cronjobs", "namespaces"}
    found = await findings(kubernetes, tmp_path, cluster.objects)
    assert set(results(found).values()) == {"unknown"}
    assert "no permission to list deployments" in found["health.liveness"].reason
    told = repr(found["health.liveness"])
    assert 'resources: ["deployments"], verbs: ["list"]' in told.replace("\\", "")
