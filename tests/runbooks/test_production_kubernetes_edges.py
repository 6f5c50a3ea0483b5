"""The shipped runbook's steps on what stands around the application in a cluster.

Ways in, certificates, logs, Events, Secrets and quotas, against a strict fake of the
cluster's API; probes of other families are left out, but for settings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from runbooks.results import Finding
from runbooks.runner import Runner
from runbooks.target import Target
from tests.runbooks.probes.kubernetes_api import (
    KubernetesAPI,
    kubernetes_api,
)
from tests.runbooks.probes.kubernetes_edges import (
    api_server,
    certificate,
    edges,
    endpoint_slice,
    event,
    ingress,
    ingress_class,
    issuer,
    secret,
    service,
)
from tests.runbooks.probes.kubernetes_ways import unforeseen
from tests.runbooks.probes.kubernetes_workloads import Cluster, ago
from tests.runbooks.production_steps import SHIPPED

OURS = (
    "infra.ingress",
    "storage.quotas",
    "secrets.encrypted-at-rest",
    "secrets.rotation-policy",
    "tls.auto-renewal",
    "tls.https-redirect",
    "auth.rate-limiting",
    "env.log-level",
    "env.log-format",
    "logging.structured",
    "logging.accessible",
    "post24h.errors",
    "post24h.metrics-logs",
    "ops.weekly-error-logs",
)
LINE = {"timestamp": "x", "level": "INFO", "service": "api", "message": "m"}


def printed(**fields: Any) -> str:
    return f"{ago(minutes=1)} {json.dumps({**LINE, 'logger': 'app', **fields})}\n"


@pytest.fixture
def cluster() -> Cluster:
    """A cluster as the checklist wants it."""
    cluster = Cluster()
    trusted = {"name": "FORWARDED_ALLOW_IPS", "value": "10.0.0.0/8"}
    own = cluster.container("api")
    own["env"] = [trusted]
    own["envFrom"] = [{"secretRef": {"name": "transcript-secrets"}}]
    cluster.rest += [*edges(), secret("transcript-secrets")]
    return cluster


@pytest.fixture
def api(cluster: Cluster, threaded: None) -> Iterator[KubernetesAPI]:
    with kubernetes_api([]) as api:
        for pod in (*cluster.api_pods, *cluster.worker_pods):
            api.logs[pod["metadata"]["name"]] = printed()
        yield api
        assert api.violations == []


async def findings(
    api: KubernetesAPI, cluster: Cluster, directory: Path
) -> dict[str, Finding]:
    api.objects = cluster.objects
    config = api.kubeconfig(directory / "kubeconfig")
    tables = {"kubernetes": {"kubeconfig": str(config)}}
    facts = {"platform": "kubernetes", "central_logs": "none"}
    target = Target("cluster", facts=facts, tables=tables)
    steps = []
    for id in OURS:
        step = SHIPPED.step_by_id[id]
        asked = ("kubernetes.", "settings")
        probes = tuple(p for p in step.probes if p.use.startswith(asked))
        options = replace(step.options, probe=None, probes=probes)
        steps.append(replace(step, options=options))
    return {id: found async for id, found in Runner(target).probe_all(steps)}


def unlike(found: dict[str, Finding], usual: str) -> dict[str, str]:
    """Return the results that are not the usual one."""
    return {id: f.result.value for id, f in found.items() if f.result != usual}


async def test_as_the_checklist_wants_it(
    api: KubernetesAPI, cluster: Cluster, tmp_path: Path
) -> None:
    found = await findings(api, cluster, tmp_path)
    assert unlike(found, "pass") == {}, found
    assert unforeseen(api) == []
    # Logs are read for two spans of time, Secrets as metadata and for a setting.
    often = {path for path, count in api.requests.items() if count > 1}
    assert {path.rpartition("/")[2] for path in often} == {"log", "secrets"}


async def test_as_it_should_not_be(
    api: KubernetesAPI, cluster: Cluster, tmp_path: Path
) -> None:
    wrong = {"LOG_LEVEL": "DEBUG", "LOG_FORMAT": "text"}
    wrong["ENABLE_RATE_LIMITING"] = "false"
    cluster.container("api")["env"] = [
        {"name": name, "value": value} for name, value in wrong.items()
    ]
    kept = ("StorageClass", "ReplicaSet")
    cluster.rest = [each for each in cluster.rest if each["kind"] in kept]
    plain = ingress(ssl_redirect="false")
    plain["status"] = {}
    late = certificate(renewal=ago(days=2))
    cluster.rest += [service(), ingress_class(), plain, late, issuer(), api_server()]
    cluster.rest += [secret("transcript-secrets", written=ago(days=200))]
    looping = {"waiting": {"reason": "CrashLoopBackOff"}}
    cluster.worker_pods[0]["status"]["containerStatuses"][0]["state"] = looping
    api.logs = {cluster.api_pods[0]["metadata"]["name"]: f"{ago(minutes=1)} plain\n"}
    found = await findings(api, cluster, tmp_path)
    # A policy is a person's to judge, a redirect the outside's to show.
    assert unlike(found, "fail") == {
        "storage.quotas": "pass",
        "secrets.rotation-policy": "warn",
        "tls.https-redirect": "warn",
        "ops.weekly-error-logs": "warn",
        "post24h.metrics-logs": "warn",
    }, found
    cluster.claims = []
    found = await findings(api, cluster, tmp_path)
    assert found["storage.quotas"].result == "warn"


async def test_as_it_may_be(
    api: KubernetesAPI, cluster: Cluster, tmp_path: Path
) -> None:
    cluster.container("api")["env"] = []
    known = {"EndpointSlice", "Certificate", "ClusterIssuer", "Ingress", "Pod"}
    cluster.rest = [each for each in cluster.rest if each["kind"] not in known]
    staged = issuer()
    staged["spec"]["acme"]["server"] = "https://acme-staging-v02.test/directory"
    cluster.rest += [endpoint_slice(True), certificate(), staged, ingress()]
    cluster.rest += [event("a", "Unhealthy", "transcript-api-5b7d-0")]
    pod = cluster.api_pods[0]
    pod["status"]["containerStatuses"][0]["restartCount"] = 1
    api.logs[pod["metadata"]["name"]] += printed(level="ERROR") + f"{ago()} plain\n"
    found = await findings(api, cluster, tmp_path)
    assert unlike(found, "warn") == {
        "storage.quotas": "pass",
        "secrets.rotation-policy": "pass",
        "tls.https-redirect": "pass",
        "env.log-level": "pass",
        "env.log-format": "pass",
        "logging.accessible": "pass",
        "post24h.metrics-logs": "fail",
    }, found


@pytest.mark.parametrize(
    ("lines", "level", "form"),
    [
        (printed(level="DEBUG"), "fail", "pass"),
        (f"{ago()} plain\n" * 9, "pass", "warn"),
    ],
)
async def test_what_pods_print_against_what_they_are_told(
    api: KubernetesAPI,
    cluster: Cluster,
    tmp_path: Path,
    lines: str,
    level: str,
    form: str,
) -> None:
    api.logs[cluster.api_pods[0]["metadata"]["name"]] += lines
    found = await findings(api, cluster, tmp_path)
    assert found["env.log-level"].result == level, found["env.log-level"]
    assert found["env.log-format"].result == form, found["env.log-format"]


async def test_either_of_two_limits_will_do(
    api: KubernetesAPI, cluster: Cluster, tmp_path: Path
) -> None:
    off = {"name": "ENABLE_RATE_LIMITING", "value": "false"}
    cluster.container("api")["env"].append(off)
    found = (await findings(api, cluster, tmp_path))["auth.rate-limiting"]
    assert found.result == "warn", found


async def test_many_new_errors_in_an_hour(
    api: KubernetesAPI, cluster: Cluster, tmp_path: Path
) -> None:
    api.logs[cluster.api_pods[0]["metadata"]["name"]] = printed(level="ERROR") * 11
    found = (await findings(api, cluster, tmp_path))["post24h.errors"]
    assert found.result == "fail" and "new_rate 11 > 10" in found.reason


async def test_without_permission(
    api: KubernetesAPI, cluster: Cluster, tmp_path: Path
) -> None:
    api.denied = {"ingresses", "resourcequotas", "pods", "pods/log", "secrets"}
    found = await findings(api, cluster, tmp_path)
    assert unlike(found, "unknown") == {"logging.accessible": "fail"}, found
    assert "may not read logs" in found["logging.structured"].reason
    assert 'resources: ["pods/log"]' in found["logging.accessible"].evidence
