"""The shipped manifest of a login: enough for every probe, too little for any action.

The fake API server allows what the manifest's rules say and nothing else, as RBAC does:
https://kubernetes.io/docs/reference/access-authn-authz/rbac/.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from runbooks.actions.kubernetes import ACTIONS
from runbooks.errors import ProbeError
from tests.runbooks.actions.kubernetes.acting import Acting, conditions
from tests.runbooks.actions.kubernetes.releases import OLD
from tests.runbooks.actions.kubernetes.writable_api import WritableAPI
from tests.runbooks.kubernetes_steps import found_by, results
from tests.runbooks.probes.kubernetes_api import KubernetesAPI, Object, serving, status
from tests.runbooks.probes.kubernetes_edges import edges, external_secret, secret
from tests.runbooks.probes.kubernetes_looks import looking
from tests.runbooks.probes.kubernetes_networks import namespace, policies
from tests.runbooks.probes.kubernetes_scaling import (
    budget,
    cluster_autoscaler,
    node_pool,
)
from tests.runbooks.probes.kubernetes_workloads import (
    Cluster,
    ago,
    autoscaler,
    clustered,
    cron_job,
    job,
)
from tests.runbooks.production_steps import SHIPPED

MANIFEST = Path(__file__).parents[3] / "docs/rights/kubernetes.yaml"
EVERYBODY = ("/version", "/readyz", "/apis")
Asked = tuple[str, str, str, str, str]
"""Namespace ("" of the cluster), group, resource, verb and name."""
AIMS: dict[str, dict[str, Any]] = {
    "delete_job": {"name": "backup-by-hand-1"},
    "release_hpa": {"component": "api", "least": 2, "most": 9},
    "resume_cronjob": {"name": "backup"},
    "run_cronjob": {"name": "backup"},
    "scale": {"component": "api", "replicas": 4},
    "suspend_cronjob": {"name": "backup"},
}


def granted() -> set[Asked]:
    """Return every single right that the manifest gives."""
    found = set()
    for each in yaml.safe_load_all(MANIFEST.read_text()):
        for rule in each.get("rules", ()):
            where = each["metadata"].get("namespace", "")
            assert set(rule) <= {"apiGroups", "resources", "verbs", "resourceNames"}
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    for verb in rule["verbs"]:
                        for name in rule.get("resourceNames", [""]):
                            found.add((where, group, resource, verb, name))
    return found


class GuardedAPI(KubernetesAPI):
    """An API server with RBAC.

    Attributes:
        rights: what this login may do; None lets it do everything.
        used: what it did by one.
        refused: what it tried and may not do.
    """

    def __init__(self, objects: list[Object]) -> None:
        super().__init__(objects)
        self.rights: set[Asked] | None = None
        self.used: set[Asked] = set()
        self.refused: list[Asked] = []

    def may(self, asked: Asked) -> bool:
        if self.rights is None:
            return True
        where, group, resource, verb, name = asked
        for place in (where, ""):  # a ClusterRole reaches every namespace
            for only in (name, ""):
                right = (place, group, resource, verb, only)
                if right in self.rights:
                    self.used.add(right)
                    return True
        return False

    def answer(self, path: str, query: dict[str, str], accept: str) -> Any:
        if path not in EVERYBODY:
            asked = read(path)
            if not self.may(asked):
                self.refused.append(asked)
                return status(403, "Forbidden", f"{asked} is forbidden")
        return super().answer(path, query, accept)

    def review(self, body: Object) -> tuple[int, Any]:
        code, found = super().review(body)
        said = body["spec"]["resourceAttributes"]
        resource = "/".join(filter(None, (said["resource"], said.get("subresource"))))
        where, name = said.get("namespace", ""), said.get("name", "")
        used = set(self.used)
        allowed = self.may((where, said["group"], resource, said["verb"], name))
        self.used = used  # to ask is not to use
        found["status"]["allowed"] = found["status"]["allowed"] and allowed
        return code, found


class GuardedWritableAPI(GuardedAPI, WritableAPI):
    """The same that can be written to."""


def read(path: str) -> Asked:
    """Return what reading a path takes."""
    root, *rest = path.strip("/").split("/")
    group = rest.pop(0) if root == "apis" else ""
    where, parts = "", rest[1:]
    if parts[0] == "namespaces" and len(parts) > 2:
        where, parts = parts[1], parts[2:]
    resource, name = parts[0], parts[1] if parts[1:] else ""
    if parts[2:]:
        resource += f"/{parts[2]}"
    return where, group, resource, "get" if name else "list", name


@pytest.fixture
def api(cluster: Cluster, threaded: None) -> Iterator[GuardedAPI]:
    tags = {"labels": dict.fromkeys(("owner", "environment", "cost-center"), "x")}
    system = clustered("Namespace", "v1", "kube-system")
    system["metadata"]["uid"] = "7f3c1d"
    migrations = job("transcript-migrations")
    cluster.rest = [
        each
        for each in cluster.rest
        if each["kind"] not in ("HorizontalPodAutoscaler", "Job")
    ]
    cluster.rest += [
        *edges(),
        *policies(),
        *map(namespace, ("ingress-nginx", "transcripts")),
        *(system, migrations, node_pool("gpus"), cluster_autoscaler(seconds=8)),
        *(secret("transcript-secrets"), external_secret("transcript-secrets")),
        *(budget("api", 2, 3), budget("worker", 1, 2)),
        *(autoscaler(cluster.api, 3, 10), autoscaler(cluster.worker, 2, 3)),
        cron_job("backup", "0 2 * * *", ["./scripts/backup_db.sh"]),
        clustered("Namespace", "v1", "tagged", metadata=tags),
    ]
    own = cluster.container("api")
    own["envFrom"] = [{"secretRef": {"name": "transcript-secrets"}}]
    api = GuardedAPI(cluster.objects)
    line = json.dumps({"timestamp": "x", "level": "INFO", "message": "m"})
    for pod in (*cluster.api_pods, *cluster.worker_pods):
        api.logs[pod["metadata"]["name"]] = f"{ago(minutes=1)} {line}\n"
    with serving(api):
        yield api
    assert api.violations == []


@pytest.fixture
def changeable(cluster: Cluster, threaded: None) -> Iterator[GuardedWritableAPI]:
    """One of which everything could be changed that actions change."""
    system = clustered("Namespace", "v1", "kube-system")
    system["metadata"]["uid"] = "7f3c1d"
    named = {"annotations": {"cronjob.kubernetes.io/instantiate": "manual"}}
    for each in (cluster.api, cluster.worker):
        del each["status"]
    api = GuardedWritableAPI([cluster.api, cluster.worker, system])
    api.controller.settle()
    cluster.container("api")["image"] = OLD
    cluster.api["metadata"]["generation"] += 1
    api.controller.settle()
    api.add(autoscaler(cluster.api, 3, 10))
    api.add(cron_job("backup", "0 2 * * *", ["backup_db.sh"]))
    api.add(job("backup-by-hand-1", metadata=named))
    with serving(api):
        yield api
    assert api.violations == []


async def test_every_probe_works_with_these_rights(
    api: GuardedAPI, cluster: Cluster, tmp_path: Path
) -> None:
    ids = [step.id for step in SHIPPED.steps]
    facts = {"central_logs": "none", "remote_backups": "none"}
    objects = cluster.objects
    free = await found_by(api, tmp_path, objects, ids, **facts)
    api.rights = granted()
    bound = await found_by(api, tmp_path, objects, ids, **facts)
    assert api.refused == []
    assert results(bound) == results(free)
    assert len(bound) >= 40
    assert "unknown" not in results(bound).values(), {
        id: each.reason for id, each in bound.items() if each.result == "unknown"
    }


async def test_no_right_is_there_for_nothing(
    api: GuardedAPI, cluster: Cluster, tmp_path: Path
) -> None:
    """Some kinds are listed only where something is not as usual."""
    api.rights = granted()
    cluster.claims[0]["status"]["phase"] = "Pending"
    (own,) = (each for each in cluster.rest if each["kind"] == "Certificate")
    own["spec"]["issuerRef"] = {"kind": "Issuer", "name": "own"}
    ids = [step.id for step in SHIPPED.steps]
    await found_by(api, tmp_path, cluster.objects, ids, central_logs="none")
    own["spec"]["issuerRef"] = {"kind": "ClusterIssuer", "name": "letsencrypt-prod"}
    await found_by(api, tmp_path, cluster.objects, ids, central_logs="none")
    assert granted() - api.used == set()


async def test_gonogo_itself_misses_nothing(
    api: GuardedAPI, cluster: Cluster, tmp_path: Path
) -> None:
    api.rights = granted()
    seen = await looking(api, cluster, tmp_path)("rights")
    assert seen.missing is None and seen.rights == len(granted())
    api.rights.remove(("transcripts", "", "secrets", "list", ""))
    assert (await looking(api, cluster, tmp_path)("rights")).missing


@pytest.mark.parametrize("verb", [name.partition(".")[2] for name in ACTIONS])
@pytest.mark.parametrize("reads", [False, True], ids=["exactly", "with get of all"])
async def test_no_action_may_be_done(
    changeable: GuardedWritableAPI, tmp_path: Path, verb: str, reads: bool
) -> None:
    api = changeable
    api.rights = granted()
    if reads:
        kinds = {(group, resource) for _, group, resource, _, _ in api.rights}
        api.rights |= {("", *kind, "get", "") for kind in kinds}
    pods = [each for each in api.objects if each["kind"] == "Pod"]
    named = {"delete_pod": {"name": pods[0]["metadata"]["name"]}}
    aim = (AIMS | named).get(verb, {"component": "api"})
    act = Acting(api, tmp_path)
    try:
        said = await act.describe(verb, **aim)
    except ProbeError as error:
        assert "no permission to get" in str(error)
        assert not reads, error
    else:
        said_no = [words for words, holds in conditions(said).items() if not holds]
        assert any("this login may not" in words for words in said_no), said_no
    assert api.changes == api.rehearsed == []
