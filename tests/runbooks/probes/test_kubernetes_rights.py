"""Probes of what a login may do, of Secrets by their metadata, and of quotas."""

from __future__ import annotations

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.connection import Connection
from runbooks.probes.kubernetes.login import RIGHTS
from tests.runbooks.probes.kubernetes_api import REVIEWS, KubernetesAPI
from tests.runbooks.probes.kubernetes_edges import (
    api_server,
    certificate,
    external_secret,
    issuer,
    quota,
    secret,
)
from tests.runbooks.probes.kubernetes_looks import Look
from tests.runbooks.probes.kubernetes_workloads import Cluster, ago, claim, made

DAY = 86400


async def test_rights_that_are_lacking(
    look: Look, kubernetes: KubernetesAPI, cluster: Cluster
) -> None:
    seen = await look("rights")
    assert seen.missing is None
    # What is not there needs no right: cert-manager, External Secrets, Karpenter.
    assert seen.rights == len(RIGHTS) - 5
    assert seen.rights == kubernetes.requests[REVIEWS]
    kubernetes.denied = {"nodes", "secrets", "pods/log", "certificates"}
    seen = await look("rights")
    assert seen.missing == "list nodes, list secrets, get pods/log"
    nodes, secrets, logs = seen.measurement.evidence.splitlines()
    assert nodes.startswith('Add to a ClusterRole: {apiGroups: [""]')
    assert secrets.startswith("Add to a Role: ")
    assert 'resources: ["pods/log"], verbs: ["get"]}' in logs
    cluster.rest += [certificate(), issuer()]
    assert "list certificates" in (await look("rights")).missing


@pytest.mark.parametrize(
    ("broken", "said"),
    [("garbage", "something else"), (401, "log in again"), (500, "answered 500")],
)
async def test_reviews_that_are_none(
    look: Look, kubernetes: KubernetesAPI, broken: int | str, said: str
) -> None:
    kubernetes.broken[REVIEWS] = broken
    with pytest.raises(ProbeError, match=said):
        await look("rights")


async def test_nothing_but_a_review_is_ever_posted(
    kubernetes: KubernetesAPI, tmp_path_factory: pytest.TempPathFactory
) -> None:
    config = kubernetes.kubeconfig(tmp_path_factory.mktemp("way") / "kubeconfig")
    way = Connection(str(config))
    async with way._open() as (process, _):
        harm = {"path": "/api/v1/namespaces/x/pods", "query": {}, "accept": "*/*"}
        harm |= {"method": "POST", "body": {"kind": "Pod"}, "timeout": 5}
        await process.ask({**harm, "review": {"verb": "list", "resource": "pods"}})
        assert kubernetes.requests == {REVIEWS: 1}


async def test_encryption_of_the_api_server(look: Look, cluster: Cluster) -> None:
    seen = await look("encryption")
    assert (seen.servers, seen.encrypted) == (0, None)
    cluster.rest += [api_server("--encryption-provider-config=/etc/enc.yaml")]
    assert (await look("encryption")).encrypted is True
    second = api_server("--encryption-provider-config-automatic-reload=true")
    second["metadata"]["name"] = "kube-apiserver-b"
    cluster.rest += [second]
    seen = await look("encryption")
    assert (seen.servers, seen.encrypted) == (2, False)
    assert "kube-apiserver-b: --encryption-provider-config is not given" in (
        seen.measurement.evidence
    )


async def test_the_control_plane_may_be_out_of_bounds(
    look: Look, kubernetes: KubernetesAPI
) -> None:
    kubernetes.denied = {"pods"}
    with pytest.raises(ProbeError, match="no permission to list pods in kube-system"):
        await look("encryption")


async def test_ages_of_secrets(
    look: Look, kubernetes: KubernetesAPI, cluster: Cluster
) -> None:
    for component, name in (("api", "transcript-secrets"), ("worker", "hf")):
        reference = {"secretRef": {"name": name}}
        cluster.container(component)["envFrom"] = [reference]
    cluster.rest += [
        secret("transcript-secrets", written=ago(days=200)),
        secret("nobody-refers-to", written=ago(days=900)),
    ]
    seen = await look("secret_ages")
    assert (seen.secrets, seen.missing) == (2, "hf")
    assert seen.oldest == pytest.approx(200 * DAY, abs=60)
    assert (seen.refreshed, seen.interval) == (None, None)
    assert "bWFkZS11cA" not in repr(seen.measurement)
    bare = secret("hf", creationTimestamp=ago(days=300))
    del bare["metadata"]["managedFields"]
    once = external_secret("transcript-secrets", refreshPolicy="CreatedOnce")
    cluster.rest += [bare, external_secret("hf", "1h30m"), once]
    seen = await look("secret_ages")
    assert seen.oldest == pytest.approx(300 * DAY, abs=60)
    assert (seen.refreshed, seen.interval, seen.missing) == ("hf", 5400, None)
    once["spec"] = {"refreshInterval": "0", "target": {"name": "transcript-secrets"}}
    assert (await look("secret_ages")).refreshed == "hf"
    for each in cluster.rest[-2:]:
        each["apiVersion"] = "external-secrets.io/v1beta1"
    assert (await look("secret_ages")).refreshed == "hf"
    kubernetes.denied = {"secrets"}
    with pytest.raises(ProbeError, match="no permission to list secrets"):
        await look("secret_ages")


async def test_no_secret_is_used(look: Look, cluster: Cluster) -> None:
    seen = await look("secret_ages")
    assert (seen.secrets, seen.oldest) == (0, None)


async def test_bounds_on_storage(
    look: Look, kubernetes: KubernetesAPI, cluster: Cluster
) -> None:
    hard = {"pods": "20"}
    pods = made("ResourceQuota", "v1", "pods", spec={"hard": hard})
    cluster.rest += [pods]
    seen = await look("quotas")
    assert (seen.quotas, seen.claims, seen.bounds, seen.used) == (None, 2, 2, None)
    cluster.rest += [quota()]
    seen = await look("quotas")
    assert (seen.quotas, seen.bounds, seen.used) == ("storage", 3, 50)
    name = "fast-ssd.storageclass.storage.k8s.io/requests.storage"
    one = made("ResourceQuota", "v1", "class", spec={"hard": {name: "10Gi"}})
    one["status"] = {"hard": {name: "10Gi"}, "used": {name: "9Gi"}}
    cluster.rest = [one, claim("third")]
    seen = await look("quotas")
    assert (seen.quotas, seen.claims, seen.used) == ("class", 3, 90)
    cluster.rest, cluster.claims = [pods], []
    assert (await look("quotas")).bounds == 0
    kubernetes.denied = {"resourcequotas"}
    with pytest.raises(ProbeError, match="no permission to list resourcequotas"):
        await look("quotas")
