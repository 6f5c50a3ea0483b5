"""The probe of DaemonSets that send the lines of pods away."""

from __future__ import annotations

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.probes.kubernetes_api import KubernetesAPI
from tests.runbooks.probes.kubernetes_looks import Look
from tests.runbooks.probes.kubernetes_workloads import Cluster, shipper

EVERYWHERE = [{"operator": "Exists"}]
PROMTAIL = "registry.test:5000/grafana/promtail:2.9.3"


async def test_a_shipper_on_every_node(look: Look, cluster: Cluster) -> None:
    other = shipper("node-exporter", "prom/node-exporter:v1.8", 4, 4)
    promtail = shipper("promtail", PROMTAIL, 4, 4, tolerations=EVERYWHERE)
    cluster.rest += [promtail, other]
    seen = await look("shippers")
    assert (seen.agents, seen.desired, seen.ready) == ("logging/promtail", 4, 4)
    assert seen.lacking is seen.uncovered is seen.bare is None


@pytest.mark.parametrize(
    "image",
    [
        "cr.fluentbit.io/fluent/fluent-bit:3.1@sha256:" + "0" * 64,
        "timberio/vector",
        "docker.elastic.co/beats/filebeat:8.15.0",
        "grafana/alloy:v1.4.2",
    ],
)
async def test_shippers_of_other_makers(
    look: Look, cluster: Cluster, image: str
) -> None:
    cluster.rest.append(shipper("x", image, 4, 4, tolerations=EVERYWHERE))
    assert (await look("shippers")).agents == "logging/x"


@pytest.mark.parametrize("image", ["pgvector/pgvector:pg16", "portainer/agent:2.21"])
async def test_what_only_sounds_like_one(
    look: Look, cluster: Cluster, image: str
) -> None:
    cluster.rest.append(shipper("ours", image, 4, 4, tolerations=EVERYWHERE))
    seen = await look("shippers")
    assert (seen.agents, seen.ready) == (None, 0)
    assert seen.uncovered == "a, b, c, d"
    assert (await look("shippers", names=["ours"])).agents == "logging/ours"


async def test_nodes_that_are_left_out(look: Look, cluster: Cluster) -> None:
    cordoned = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    cluster.nodes[0]["spec"]["taints"] = [cordoned]
    cluster.api_pods = cluster.api_pods[:1]  # on the node a
    cluster.worker_pods = cluster.worker_pods[:1]  # on the node c
    cluster.rest.append(shipper("promtail", PROMTAIL, 2, 1))
    seen = await look("shippers")
    assert (seen.uncovered, seen.bare) == ("c", "d")
    assert seen.lacking == "logging/promtail"


async def test_a_shipper_that_no_node_gets(look: Look, cluster: Cluster) -> None:
    nowhere = {"nodeSelector": {"disk": "none"}}
    cluster.rest.append(shipper("promtail", PROMTAIL, 0, 0, **nowhere))
    seen = await look("shippers")
    assert seen.lacking == "logging/promtail"
    assert seen.uncovered == "a, b, c, d"


async def test_daemon_sets_that_may_not_be_listed(
    look: Look, kubernetes: KubernetesAPI
) -> None:
    kubernetes.denied = {"daemonsets"}
    with pytest.raises(ProbeError, match="no permission to list daemonsets") as error:
        await look("shippers")
    assert "ClusterRole" in error.value.__notes__[0]
