"""Probe of what NetworkPolicies let the application's pods exchange."""

from __future__ import annotations

from typing import Any

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.application import SCHEMES
from tests.runbooks.probes.kubernetes_api import KubernetesAPI, Object
from tests.runbooks.probes.kubernetes_looks import Look, Seen
from tests.runbooks.probes.kubernetes_networks import (
    from_namespace,
    namespace,
    policies,
    policy,
    ports,
    shipped_policies,
)
from tests.runbooks.probes.kubernetes_workloads import (
    APP,
    Cluster,
    deployment,
    job,
    labels,
    pods,
)

EVERYTHING = ["api", "worker", "migrations"]
SPACES = ("ingress-nginx", "kube-system", "monitoring", "transcripts")
CUT_OFF = ("without_dns", "without_dns_tcp", "without_database", "without_internet")
APP_PODS = {"matchLabels": {"app": APP}}


@pytest.fixture(autouse=True)
def namespaces(cluster: Cluster) -> None:
    cluster.rest += map(namespace, SPACES)


def _range(cidr: str) -> Object:
    return {"ipBlock": {"cidr": cidr}}


def cut_off(seen: Seen) -> dict[str, Any]:
    found = {name: getattr(seen, name) for name in CUT_OFF}
    return {name: those for name, those in found.items() if those}


async def test_policies_without_gaps(
    look: Look, cluster: Cluster, kubernetes: KubernetesAPI
) -> None:
    cluster.rest += policies()
    kubernetes.groups = {"cilium.io"}
    seen = await look("network_policies", components=["api", "worker"])
    assert (seen.policies, seen.idle, seen.enforcer) == (5, None, "Cilium")
    assert seen.open_ingress is seen.open_egress is None
    assert (cut_off(seen), seen.unreached) == ({}, "worker")
    assert "transcript-egress (Egress): app=transcript-create, api, worker" in (
        seen.measurement.evidence
    )


async def test_no_policy(look: Look, cluster: Cluster) -> None:
    other = {"matchLabels": {"app": "postgres"}}
    cluster.rest.append(policy("postgres", other, ingress=[]))
    seen = await look("network_policies")
    assert (seen.policies, seen.enforcer) == (0, None)
    assert seen.open_ingress == seen.open_egress == "api, worker"
    assert (cut_off(seen), seen.unreached) == ({}, None)
    assert seen.idle == "transcript-postgres: podSelector app=postgres"


async def test_gaps_of_those_that_are_shipped(look: Look, cluster: Cluster) -> None:
    cluster.rest += shipped_policies()
    seen = await look("network_policies", components=EVERYTHING)
    assert seen.open_ingress is seen.open_egress is None
    assert seen.unreached == "api, worker, migrations"
    assert cut_off(seen) == dict.fromkeys(CUT_OFF, "api, worker, migrations")
    assert seen.idle.split(", ") == [
        "transcript-api-ingress: namespaceSelector name=ingress-nginx",
        "transcript-api-egress: namespaceSelector name=kube-system",
        "transcript-api-egress: podSelector app=postgres",
        "transcript-worker-egress: namespaceSelector name=kube-system",
        "transcript-worker-egress: podSelector app=postgres",
    ]
    for each in cluster.rest:
        if each["kind"] == "Namespace":
            each["metadata"]["labels"]["name"] = each["metadata"]["name"]
    database = deployment("db", 1, cluster.spec("api"))
    database["spec"]["template"]["metadata"]["labels"] = {"app": "postgres"}
    cluster.rest += pods(database, ("a",))
    seen = await look("network_policies")
    assert (seen.unreached, seen.idle) == ("worker", None)
    assert cut_off(seen) == dict.fromkeys(
        ("without_dns_tcp", "without_internet"), "api, worker"
    )


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("scheme", ["app", "app.kubernetes.io/name"])
async def test_migrations_are_judged_while_they_run_and_later(
    look: Look, cluster: Cluster, there: bool, scheme: str
) -> None:
    kinds = dict(SCHEMES)
    for owner, component in ((cluster.api, "api"), (cluster.worker, "worker")):
        marks = {scheme: APP, kinds[scheme]: component}
        owner["spec"]["template"]["metadata"]["labels"] = marks
    if there:
        cluster.rest.append(made := job("migrations-1"))
        marks = {scheme: APP, kinds[scheme]: "migrations"}
        made["metadata"]["labels"] = marks
        made["spec"]["template"]["metadata"]["labels"] = marks
    selector = {"matchLabels": {scheme: APP, kinds[scheme]: "migrations"}}
    cluster.rest.append(policy("migrations", selector, ingress=[], egress=[]))
    seen = await look("network_policies", components=["migrations"])
    assert (seen.policies, seen.idle) == (1, None)
    assert seen.without_dns == seen.without_database == "migrations"
    seen = await look("network_policies", components=["api", "migrations"])
    assert seen.open_ingress == seen.open_egress == "api"


DNS_BY_UDP = {"to": [from_namespace("kube-system")], "ports": ports(53, protocol="UDP")}
DNS, TCP_DNS, DATABASE, INTERNET = CUT_OFF
OUT: dict[str, tuple[Object, set[str]]] = {
    "all": ({}, set()),
    "nobody-named": ({"to": []}, set()),
    "dns-by-udp": (DNS_BY_UDP, {TCP_DNS, DATABASE, INTERNET}),
    "node-cache": ({"to": [_range("169.254.20.10/32")]}, {INTERNET}),
    "anywhere": ({"to": [_range("0.0.0.0/0")]}, {DNS, TCP_DNS}),
    "ipv6": (
        {"to": [_range("::/0")], "ports": ports(443)},
        {DNS, TCP_DNS, DATABASE},
    ),
    "inside": ({"to": [_range("10.0.0.0/8")], "ports": ports(443)}, {*CUT_OFF}),
    "ports": ({"ports": [{"port": 400, "endPort": 6000}]}, {DNS, TCP_DNS}),
    "protocol": ({"ports": [{"protocol": "TCP"}]}, {DNS}),
    "pooler": ({"ports": ports(6432)}, {DNS, TCP_DNS, INTERNET}),
    "by-name": ({"ports": [{"port": "postgres"}]}, {*CUT_OFF}),
    "own-pods": (
        {"to": [{"podSelector": {}}], "ports": ports(5432)},
        {DNS, TCP_DNS, INTERNET},
    ),
    "own-dns": ({"to": [{"podSelector": {}}], "ports": ports(53, 443)}, {*CUT_OFF}),
    "namespaces": ({"to": [{"namespaceSelector": {}}]}, {INTERNET}),
}
"""Rules of egress, and what pods with such a rule alone are cut off from."""


async def test_what_a_rule_opens(look: Look, cluster: Cluster) -> None:
    cluster.rest += [
        policy(name, {"matchLabels": labels(name)}, egress=[rule])
        for name, (rule, _) in OUT.items()
    ]
    seen = await look("network_policies", components=list(OUT))
    for reading in CUT_OFF:
        closed = [name for name, (_, those) in OUT.items() if reading in those]
        assert getattr(seen, reading).split(", ") == closed, reading
    assert (seen.open_ingress.split(", "), seen.open_egress) == ([*OUT], None)


CONTROLLER = [from_namespace("ingress-nginx")]
IN: dict[str, tuple[Object, bool]] = {
    "controller": ({"from": CONTROLLER}, True),
    "another-port": ({"from": CONTROLLER, "ports": ports(8001)}, False),
    "unknown-name": ({"from": CONTROLLER, "ports": [{"port": "http"}]}, False),
    "monitoring": ({"from": [from_namespace("monitoring")]}, False),
    "own-pods": ({"from": [{"podSelector": {}}]}, False),
    "addresses": ({"from": [_range("0.0.0.0/0")]}, False),
    "all": ({"ports": ports(8000)}, True),
    "api": ({"from": CONTROLLER, "ports": [{"port": "http"}]}, True),
}
"""Rules of ingress, and whether the controller can ask pods with such a rule alone."""


async def test_whether_the_ingress_controller_gets_in(
    look: Look, cluster: Cluster
) -> None:
    for name, (rule, _) in IN.items():
        made = policy(name, {"matchLabels": labels(name)}, ingress=[rule])
        del made["spec"]["policyTypes"]
        cluster.rest.append(made)
    seen = await look("network_policies", components=list(IN))
    closed = [name for name, (_, reached) in IN.items() if not reached]
    assert seen.unreached.split(", ") == closed
    assert seen.open_ingress is None
    assert seen.open_egress.split(", ") == ["api", *[n for n in IN if n != "api"]]


async def test_a_policy_that_does_not_say_what_it_is_about(
    look: Look, cluster: Cluster
) -> None:
    cluster.rest.append(made := policy("both", APP_PODS, egress=[DNS_BY_UDP]))
    del made["spec"]["policyTypes"]
    seen = await look("network_policies")
    assert seen.open_ingress is seen.open_egress is None
    assert seen.unreached == "api, worker"


async def test_a_controller_elsewhere(look: Look, cluster: Cluster) -> None:
    cluster.rest += policies()
    seen = await look("network_policies", ingress_namespace="traefik")
    assert seen.measurement.reading("unreached") is None
    said = seen.measurement.lacking["unreached"]
    assert said.startswith("the cluster has no namespace traefik")
    assert seen.without_dns is None
    seen = await look(
        "network_policies", components=["api"], ingress_namespace="monitoring"
    )
    assert seen.unreached == "api"


async def test_a_deployment_with_labels_on_itself_alone(
    look: Look, cluster: Cluster
) -> None:
    cluster.api["spec"]["template"]["metadata"]["labels"] = {"pod": "api"}
    cluster.rest.append(policy("deny", {"matchLabels": labels("api")}, ingress=[]))
    seen = await look("network_policies", components=["api"])
    assert seen.open_ingress == "api"


async def test_who_may_not_look(look: Look, kubernetes: KubernetesAPI) -> None:
    for plural, role in (("networkpolicies", "Role"), ("namespaces", "ClusterRole")):
        kubernetes.denied = {plural}
        with pytest.raises(ProbeError, match=f"no permission to list {plural}") as e:
            await look("network_policies")
        assert f"Add to a {role}: " in e.value.__notes__[0]
    kubernetes.denied = set()
    kubernetes.broken["/apis"] = 503
    with pytest.raises(ProbeError, match="/apis answered 503"):
        await look("network_policies")
    with pytest.raises(ProbeError, match="nothing labelled another"):
        await look("network_policies", application="another")
