"""Probes of ways into a cluster, and of the certificates there."""

from __future__ import annotations

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.probes.kubernetes_api import KubernetesAPI, Object
from tests.runbooks.probes.kubernetes_edges import (
    HOST,
    TLS,
    certificate,
    endpoint_slice,
    ingress,
    ingress_class,
    issuer,
    service,
)
from tests.runbooks.probes.kubernetes_looks import Look
from tests.runbooks.probes.kubernetes_workloads import Cluster, ago, labels


async def test_an_ingress_as_it_should_be(look: Look, cluster: Cluster) -> None:
    cluster.rest += [service(), ingress_class(), ingress(), endpoint_slice(True, True)]
    # The other address family of the same pods, and pods of something else.
    cluster.rest += [
        endpoint_slice(True, None, None, family="IPv6"),
        endpoint_slice(True, True, True, True, owner="another"),
        service("another", selector={"app": "another"}),
    ]
    seen = await look("ingress")
    assert (seen.ways, seen.addresses) == ("transcript-ingress", "192.0.2.10")
    assert seen.endpoints == 3
    assert seen.pending is seen.unclassed is seen.dangling is seen.without_tls is None
    evidence = seen.measurement.evidence
    assert f"of class nginx: {HOST}, at 192.0.2.10" in evidence
    assert "transcript-api: 3 ready endpoints" in evidence


async def test_an_ingress_that_leads_nowhere(look: Look, cluster: Cluster) -> None:
    lost = ingress()
    lost["metadata"]["labels"] = labels("api")
    lost["spec"] |= {"ingressClassName": "traefik", "tls": []}
    lost["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = "old"
    lost["status"] = {"loadBalancer": {}}
    cluster.rest += [service(), ingress_class(), lost]
    cluster.rest += [endpoint_slice(False, False)]
    seen = await look("ingress")
    assert seen.pending == seen.unclassed == seen.ways == "transcript-ingress"
    assert (seen.dangling, seen.without_tls) == ("old", HOST)
    assert (seen.addresses, seen.endpoints) == (None, 0)


async def test_no_way_in_at_all(look: Look, cluster: Cluster) -> None:
    # A Service without a selector has its endpoints from elsewhere.
    outside = service("outside")
    del outside["spec"]["selector"]
    cluster.rest += [outside]
    seen = await look("ingress")
    assert (seen.ways, seen.addresses, seen.endpoints) == (None, None, 0)


async def test_a_load_balancer_without_an_ingress(look: Look, cluster: Cluster) -> None:
    balancer = service(type="LoadBalancer")
    named = {"hostname": "lb.provider.test"}
    balancer["status"] = {"loadBalancer": {"ingress": [named]}}
    cluster.rest += [balancer, endpoint_slice(True)]
    seen = await look("ingress")
    assert (seen.ways, seen.addresses) == ("transcript-api", "lb.provider.test")
    assert (seen.pending, seen.endpoints) == (None, 1)


async def test_hosts_of_certificates(look: Look, cluster: Cluster) -> None:
    one = ingress()
    cluster.rest += [service(), ingress_class(), one]
    covered: dict[str | None, list[str] | None] = {
        **{None: ["*.transcripts.test"], HOST: ["www.test", "*.test"]}
    }
    for without, hosts in covered.items():
        one["spec"]["tls"] = [{"secretName": TLS, "hosts": hosts}]
        assert (await look("ingress")).without_tls == without
    del one["spec"]["tls"][0]["hosts"]
    assert (await look("ingress")).without_tls is None


async def test_the_class_of_an_ingress(look: Look, cluster: Cluster) -> None:
    one = ingress()
    del one["spec"]["ingressClassName"]
    cluster.rest += [service(), one]
    assert (await look("ingress")).unclassed == "transcript-ingress"
    assert (await look("ingress_nginx")).others == "none"
    usual = ingress_class()
    marked = {"ingressclass.kubernetes.io/is-default-class": "true"}
    usual["metadata"]["annotations"] = marked
    cluster.rest += [usual]
    assert (await look("ingress")).unclassed is None
    assert (await look("ingress_nginx")).ingresses == 1
    cluster.rest.remove(usual)
    one["metadata"]["annotations"]["kubernetes.io/ingress.class"] = "nginx"
    assert (await look("ingress")).unclassed is None
    assert (await look("ingress_nginx")).ingresses == 1


async def test_redirects_of_ingress_nginx(look: Look, cluster: Cluster) -> None:
    forced = {"force_ssl_redirect": "true"}
    off = {"ssl_redirect": "false"}
    plain = [ingress("off", **off), ingress("bare")]
    good = [ingress("usual"), ingress("both", **off, **forced)]
    good += [ingress("on", ssl_redirect="true"), ingress("forced", **forced)]
    for each in (plain[1], good[3]):
        del each["spec"]["tls"]
    cluster.rest += [service(), ingress_class(), *plain, *good]
    seen = await look("ingress_nginx")
    assert (seen.ingresses, seen.unredirected) == (6, "off, bare")


async def test_limits_of_ingress_nginx(look: Look, cluster: Cluster) -> None:
    cluster.rest += [service(), ingress_class(), ingress(limit_rps="100")]
    seen = await look("ingress_nginx")
    assert (seen.limited, seen.limit) == (True, 100)
    cluster.rest += [ingress("second", limit_rpm="12000", limit_rps="300")]
    seen = await look("ingress_nginx")
    assert (seen.limited, seen.limit) == (True, 200)
    cluster.rest += [ingress("open", limit_rps="0")]
    seen = await look("ingress_nginx")
    assert (seen.limited, seen.limit) == (False, None)


async def test_annotations_of_others_are_not_read(look: Look, cluster: Cluster) -> None:
    other = ingress_class()
    other["spec"]["controller"] = "traefik.io/ingress-controller"
    cluster.rest += [service(), other, ingress(limit_rps="100")]
    seen = await look("ingress_nginx")
    assert (seen.ingresses, seen.limited) == (0, False)
    assert seen.others == "traefik.io/ingress-controller"


def shown(cluster: Cluster, *things: Object) -> None:
    """Let an Ingress show a certificate, and things make it."""
    cluster.rest += [service(), ingress_class(), ingress(), *things]


async def test_certificates_that_are_renewed(look: Look, cluster: Cluster) -> None:
    shown(cluster, certificate(), issuer(), certificate("of-another-ingress"))
    seen = await look("certificates")
    assert (seen.certificates, seen.overdue) == (TLS, 0)
    assert seen.by_hand is seen.unready is seen.unready_issuers is seen.staging is None
    assert "by ClusterIssuer letsencrypt-prod" in seen.measurement.evidence


async def test_certificates_that_are_not(look: Look, cluster: Cluster) -> None:
    late, staged = certificate(renewal=ago(hours=5)), issuer()
    late["status"]["conditions"][0]["status"] = "False"
    server = "https://acme-staging-v02.api.letsencrypt.org/directory"
    staged["spec"]["acme"]["server"] = server
    staged["status"] = {}
    shown(cluster, late, staged)
    seen = await look("certificates")
    assert (seen.unready, seen.staging) == (TLS, TLS)
    assert seen.overdue == pytest.approx(5 * 3600, abs=60)
    assert seen.unready_issuers == "ClusterIssuer letsencrypt-prod"
    del late["status"]
    assert (await look("certificates")).overdue is None


async def test_issuers_of_a_namespace_and_of_others(
    look: Look, kubernetes: KubernetesAPI, cluster: Cluster
) -> None:
    own = certificate(issuer={"kind": "Issuer", "name": "own"})
    shown(cluster, own, issuer("own", "Issuer"))
    # Nobody needs a right to look at what nobody uses.
    kubernetes.denied = {"clusterissuers"}
    seen = await look("certificates")
    assert (seen.certificates, seen.unready_issuers) == (TLS, None)
    own["spec"]["issuerRef"] = {"name": "gone"}
    assert (await look("certificates")).unready_issuers == "Issuer gone"
    foreign = {"kind": "AWSPCAIssuer", "name": "pca", "group": "awspca.example"}
    own["spec"]["issuerRef"] = foreign
    assert (await look("certificates")).unready_issuers is None


async def test_nothing_renews_certificates(
    look: Look, kubernetes: KubernetesAPI, cluster: Cluster
) -> None:
    shown(cluster)
    # Without cert-manager there is nothing to be allowed.
    kubernetes.denied = {"certificates"}
    seen = await look("certificates")
    assert (seen.certificates, seen.by_hand) == (None, TLS)


@pytest.mark.parametrize(
    ("aspect", "denied", "rule"),
    [
        ("ingress", "ingressclasses", "Add to a ClusterRole"),
        ("ingress_nginx", "ingresses", 'resources: ["ingresses"], verbs: ["list"]'),
        ("certificates", "certificates", 'apiGroups: ["cert-manager.io"]'),
    ],
)
async def test_without_permission(
    look: Look,
    kubernetes: KubernetesAPI,
    cluster: Cluster,
    aspect: str,
    denied: str,
    rule: str,
) -> None:
    shown(cluster, certificate())
    kubernetes.denied = {denied}
    with pytest.raises(ProbeError, match=f"no permission to list {denied}") as caught:
        await look(aspect)
    assert rule in caught.value.__notes__[0]
