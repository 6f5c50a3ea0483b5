"""A cluster that can be changed, with a history, and what acts on it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbooks.actions.kubernetes import sending, watching
from runbooks.probes.kubernetes import connection
from tests.runbooks.actions.kubernetes.acting import Acting
from tests.runbooks.actions.kubernetes.releases import OLD
from tests.runbooks.actions.kubernetes.writable_api import WritableAPI
from tests.runbooks.probes.kubernetes_api import serving
from tests.runbooks.probes.kubernetes_in_a_thread import in_a_thread
from tests.runbooks.probes.kubernetes_scaling import budget
from tests.runbooks.probes.kubernetes_workloads import Cluster, clustered, made


@pytest.fixture
def api() -> Iterator[WritableAPI]:
    """An API server with two Deployments, of which one has two revisions."""
    cluster = Cluster()
    owner, worker = cluster.api, cluster.worker
    system = clustered("Namespace", "v1", "kube-system")
    system["metadata"]["uid"] = "7f3c1d"
    config = made("ConfigMap", "v1", "transcript-config", data={"log-level": "INFO"})
    secret = made("Secret", "v1", "transcript-secrets", data={"database-url": "cA=="})
    container = owner["spec"]["template"]["spec"]["containers"][0]
    reference = {"name": "transcript-secrets", "key": "database-url"}
    container["env"] += [
        {"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": reference}},
    ]
    container["envFrom"] = [{"configMapRef": {"name": "transcript-config"}}]
    latest = copy.deepcopy(owner["spec"]["template"])
    container["image"] = OLD
    for each in (owner, worker):
        del each["status"]
    api = WritableAPI([owner, worker, system, config, secret])
    api.controller.settle()
    owner["spec"]["template"] = latest
    owner["metadata"]["generation"] += 1
    api.controller.settle()
    api.add(budget("api", 2, 3))
    with serving(api):
        yield api
    assert api.violations == []


@pytest.fixture
def act(api: WritableAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Acting:
    """What describes and performs, quickly: nothing waits for time."""
    monkeypatch.setattr(connection, "started", in_a_thread)
    monkeypatch.setattr(watching, "WATCHED", 0.2)
    return Acting(api, tmp_path)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait only shortly for an API server that does not come back."""
    monkeypatch.setattr(sending, "LOST", 0.1)
