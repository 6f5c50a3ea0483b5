"""Probe of the way into the cluster: load balancer, Ingress, endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ApplicationProbe, listed
from runbooks.probes.kubernetes.objects import Kind, Object
from runbooks.probes.kubernetes.selectors import labels_of, name_of
from runbooks.probes.kubernetes.ways_in import (
    INGRESS_CLASSES,
    INGRESSES,
    SERVICES,
    addresses,
    backends,
    class_name,
    hosts,
    is_classed,
    leading,
    services_of,
    without_tls,
)
from runbooks.probes.sources import Sources
from runbooks.results import Reading

ENDPOINT_SLICES = Kind("discovery.k8s.io/v1", "endpointslices")
_SERVICE = "kubernetes.io/service-name"


class IngressProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures the ways into the cluster that lead to a component.

    Source: Services that select its pods, Ingresses that lead to these or have the
    component's labels, their IngressClasses and ``status.loadBalancer``; EndpointSlices
    of the Services.

    Readings:
        ways: Ingresses, and Services of the type LoadBalancer; absent without.
        addresses: what they are reached at; absent without.
        pending: those that were given no address.
        unclassed: Ingresses of an IngressClass that there is not, or of none.
        dangling: Services that Ingresses lead to and that there are not.
        without_tls: hosts for which an Ingress names no certificate, so that its
            controller shows one of its own.
        endpoints: pods behind the Services that are ready to be asked.

    Raises:
        ProbeError: the cluster cannot be asked, or a component has no Deployment.
    """

    components: tuple[str, ...] = ("api",)

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            *("ways", "addresses", "pending", "unclassed"),
            *("dangling", "without_tls", "endpoints"),
        ),
        "",
    )
    naming: ClassVar[frozenset[str]] = frozenset(readings) - {"endpoints"}

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.workloads(sources)
        services, ingresses, classes, slices = await self.lists(
            sources, SERVICES, INGRESSES, INGRESS_CLASSES, ENDPOINT_SLICES
        )
        ours = services_of(found, services)
        leads = leading(self, ingresses, ours)
        balancers = [each for each in services if _balances(each, ours)]
        ways = [*leads, *balancers]
        there = set(map(name_of, services))
        wanted = (name for each in leads for name in backends(each))
        endpoints = _ready(slices, ours)
        named = (address for each in ways for address in addresses(each))
        lines = [
            f"Ingress {name_of(each)} of class {class_name(each, classes) or 'none'}: "
            f"{', '.join(hosts(each)) or 'any host'}, {_where(each)}"
            for each in leads
        ]
        lines += [f"Service {name_of(each)}: {_where(each)}" for each in balancers]
        behind = ", ".join(sorted(ours)) or "no Service"
        return measured(
            "\n".join([*lines, f"{behind}: {len(endpoints)} ready endpoints"]),
            listed("ways", map(name_of, ways)),
            listed("addresses", named),
            listed("pending", (name_of(each) for each in ways if not addresses(each))),
            listed(
                "unclassed",
                (name_of(each) for each in leads if not is_classed(each, classes)),
            ),
            listed("dangling", (name for name in wanted if name not in there)),
            listed("without_tls", (h for each in leads for h in without_tls(each))),
            Reading("endpoints", len(endpoints)),
        )


def _balances(service: Object, ours: set[str]) -> bool:
    return name_of(service) in ours and service["spec"].get("type") == "LoadBalancer"


def _ready(slices: Iterable[Object], services: set[str]) -> set[str]:
    """Return the pods, or addresses without, that are ready.

    One of several address families is in several slices. What says nothing of being
    ready is, see the API's reference, "EndpointConditions".
    """
    return {
        (endpoint.get("targetRef") or {}).get("name") or endpoint["addresses"][0]
        for each in slices
        if labels_of(each).get(_SERVICE) in services
        for endpoint in each.get("endpoints") or []
        if (endpoint.get("conditions") or {}).get("ready") is not False
    }


def _where(way: Object) -> str:
    found = addresses(way)
    return f"at {', '.join(found)}" if found else "without an address"
