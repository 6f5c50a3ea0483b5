"""A cluster with an application of two Deployments, one of which has two revisions."""

from __future__ import annotations

import copy

from tests.runbooks.actions.kubernetes.releases import OLD
from tests.runbooks.actions.kubernetes.writable_api import WritableAPI
from tests.runbooks.probes.kubernetes_scaling import budget
from tests.runbooks.probes.kubernetes_workloads import Cluster, clustered, made


def two_releases(uid: str = "7f3c1d") -> WritableAPI:
    """Return its API server, not yet serving.

    Args:
        uid: which cluster it is.
    """
    cluster = Cluster()
    owner, worker = cluster.api, cluster.worker
    system = clustered("Namespace", "v1", "kube-system")
    system["metadata"]["uid"] = uid
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
    return api
