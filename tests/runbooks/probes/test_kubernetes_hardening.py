"""Probes of what containers may do and where they keep their files."""

from __future__ import annotations

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.probes.kubernetes_api import Object
from tests.runbooks.probes.kubernetes_looks import Look
from tests.runbooks.probes.kubernetes_workloads import (
    Cluster,
    claim,
    container,
    job,
    labels,
    made,
    pod_spec,
)


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
    template = {"template": cluster.api["spec"]["template"]}
    nightly = {"schedule": "0 2 * * *", "jobTemplate": {"spec": template}}
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "u"}
    queue = {"serviceName": "queue", **_host("hostPID", "queue")}
    named = {"labels": labels("queue")}
    cluster.rest += [
        made("CronJob", "batch/v1", "nightly", spec=nightly),
        job("nightly-1", "Complete", ownerReferences=[owner]),
        made("StatefulSet", "apps/v1", "queue", metadata=named, spec=queue),
        made("DaemonSet", "apps/v1", "another's", spec=_host("hostNetwork", "agent")),
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


def _host(namespace: str, name: str) -> Object:
    """Return the spec of something whose pods are in a namespace of the host."""
    spec = pod_spec(container(name, "1", "1Gi"), **{namespace: True})
    marks = {"name": name}
    return {
        "selector": {"matchLabels": marks},
        "template": {"metadata": {"labels": marks}, "spec": spec},
    }


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


async def test_parameters_that_mean_nothing(look: Look) -> None:
    with pytest.raises(ProbeError, match="least: 'much' is no quantity"):
        await look("volumes", least="much")
    with pytest.raises(ProbeError, match="components is empty"):
        await look("volumes", components=[])
