"""Ways into a cluster: Services and Ingresses that lead to a component.

See https://kubernetes.io/docs/concepts/services-networking/ingress/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runbooks.probes.kubernetes.application import ApplicationProbe, Workload
from runbooks.probes.kubernetes.objects import Kind, Object
from runbooks.probes.kubernetes.selectors import (
    annotations_of,
    labels_of,
    name_of,
    selects,
)

INGRESSES = Kind("networking.k8s.io/v1", "ingresses")
INGRESS_CLASSES = Kind("networking.k8s.io/v1", "ingressclasses", namespaced=False)
SERVICES = Kind("v1", "services")
_CLASS = "kubernetes.io/ingress.class"
_DEFAULT = "ingressclass.kubernetes.io/is-default-class"


def services_of(workloads: Iterable[Workload], services: Iterable[Object]) -> set[str]:
    """Return the names of the Services that select pods of these workloads."""
    labels = [labels_of(each.template) for each in workloads]
    return {
        name_of(service)
        for service in services
        if (selector := service["spec"].get("selector"))
        and any(selects({"matchLabels": selector}, each) for each in labels)
    }


def leading(
    probe: ApplicationProbe, ingresses: Iterable[Object], services: set[str]
) -> list[Object]:
    """Return the Ingresses of the probe's components: by what they lead to, or label.

    Args:
        services: names of those that select pods of the components.
    """
    return [
        each
        for each in ingresses
        if services & set(backends(each)) or probe.component(labels_of(each))
    ]


def backends(ingress: Object) -> Iterator[str]:
    """Yield the names of the Services that an Ingress leads to."""
    found = [ingress["spec"].get("defaultBackend") or {}]
    for rule in ingress["spec"].get("rules") or []:
        paths = (rule.get("http") or {}).get("paths") or []
        found += [path["backend"] for path in paths]
    for each in found:
        if service := each.get("service"):
            yield service["name"]


def hosts(ingress: Object) -> list[str]:
    """Return the hosts that an Ingress answers for, ``*`` for any."""
    return [rule.get("host") or "*" for rule in ingress["spec"].get("rules") or []]


def without_tls(ingress: Object) -> list[str]:
    """Return the hosts for which an Ingress names no certificate."""
    entries = ingress["spec"].get("tls") or []
    if any(not entry.get("hosts") for entry in entries):
        return []
    named = {host for entry in entries for host in entry["hosts"]}
    return [host for host in hosts(ingress) if not {host, _wildcard(host)} & named]


def addresses(way: Object) -> list[str]:
    """Return the addresses that an Ingress or a Service was given."""
    balancer = (way.get("status") or {}).get("loadBalancer") or {}
    found = (e.get("ip") or e.get("hostname") for e in balancer.get("ingress") or [])
    return [each for each in found if each]


def class_name(ingress: Object, classes: Iterable[Object]) -> str:
    """Return the name of an Ingress's class, "" where it has none."""
    own = ingress["spec"].get("ingressClassName")
    if own or (own := annotations_of(ingress).get(_CLASS)):
        return str(own)
    usual = (c for c in classes if annotations_of(c).get(_DEFAULT) == "true")
    return next(map(name_of, usual), "")


def is_classed(ingress: Object, classes: list[Object]) -> bool:
    """Whether there is somebody to heed an Ingress.

    A class that is named in the old annotation needs no IngressClass.
    """
    old = not ingress["spec"].get("ingressClassName")
    name = class_name(ingress, classes)
    return name in map(name_of, classes) or bool(
        old and annotations_of(ingress).get(_CLASS)
    )


def controller(ingress: Object, classes: list[Object]) -> str:
    """Return the controller of an Ingress's class; the class where that is unknown."""
    name = class_name(ingress, classes)
    known = (c["spec"].get("controller") for c in classes if name_of(c) == name)
    return str(next(known, None) or name)


def tls_secrets(ingress: Object) -> list[str]:
    """Return the Secrets with the certificates that an Ingress shows."""
    entries = ingress["spec"].get("tls") or []
    return [entry["secretName"] for entry in entries if entry.get("secretName")]


def _wildcard(host: str) -> str:
    return f"*.{host.partition('.')[2]}"
