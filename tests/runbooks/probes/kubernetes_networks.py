"""Policies of networks as the checklist wants them, and as they are shipped."""

from __future__ import annotations

from tests.runbooks.probes.kubernetes_api import Object
from tests.runbooks.probes.kubernetes_workloads import APP, clustered, labels, made


def namespace(name: str) -> Object:
    named = {"labels": {"kubernetes.io/metadata.name": name}}
    return clustered("Namespace", "v1", name, metadata=named)


def policy(name: str, selector: Object, **rules: list[Object]) -> Object:
    """Return a policy of the directions that *rules* name."""
    return made(
        "NetworkPolicy",
        "networking.k8s.io/v1",
        f"transcript-{name}",
        spec={
            "podSelector": selector,
            "policyTypes": [each.capitalize() for each in rules],
            **rules,
        },
    )


def ports(*numbers: int, protocol: str = "TCP") -> list[Object]:
    return [{"protocol": protocol, "port": number} for number in numbers]


def from_namespace(name: str) -> Object:
    labelled = {"kubernetes.io/metadata.name": name}
    return {"namespaceSelector": {"matchLabels": labelled}}


def policies() -> list[Object]:
    """Return policies without the gaps of those that are shipped."""
    app = {"matchLabels": {"app": APP}}
    dns = {
        "to": [from_namespace("kube-system")],
        "ports": [*ports(53, protocol="UDP"), *ports(53)],
    }
    database = {"to": [{"ipBlock": {"cidr": "10.4.0.0/16"}}], "ports": ports(5432)}
    anywhere = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": ports(443)}
    ingress = {"from": [from_namespace("ingress-nginx")], "ports": ports(8000)}
    return [
        policy("default-deny", app, ingress=[], egress=[]),
        policy("egress", app, egress=[dns, database]),
        policy("api-ingress", {"matchLabels": labels("api")}, ingress=[ingress]),
        *(
            policy(f"{each}-https", {"matchLabels": labels(each)}, egress=[anywhere])
            for each in ("api", "worker")
        ),
    ]


def shipped_policies() -> list[Object]:
    """Return policies with the gaps of those that come with the application."""

    def named(name: str) -> Object:
        return {"namespaceSelector": {"matchLabels": {"name": name}}}

    def pods(app: str) -> Object:
        return {"podSelector": {"matchLabels": {"app": app}}}

    egress = [
        {"to": [named("kube-system")], "ports": ports(53, protocol="UDP")},
        {"to": [pods("postgres")], "ports": ports(5432)},
        {"to": [{"namespaceSelector": {}}], "ports": ports(443)},
    ]
    app = {"matchLabels": {"app": APP}}
    api, worker = ({"matchLabels": labels(each)} for each in ("api", "worker"))
    ingress = {"from": [named("ingress-nginx")], "ports": ports(8000)}
    return [
        policy("default-deny", app, ingress=[], egress=[]),
        policy("api-ingress", api, ingress=[ingress]),
        policy("api-egress", api, egress=egress),
        policy("worker-egress", worker, egress=egress),
    ]
