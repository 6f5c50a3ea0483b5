"""Probe of what NetworkPolicies let the application's pods exchange."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement
from runbooks.probes.kubernetes.application import ApplicationProbe, listed, phase
from runbooks.probes.kubernetes.network_rules import (
    POLICIES,
    Meets,
    Pods,
    Policies,
    Port,
    Surroundings,
    directions,
    internet,
    node_cache,
    peers,
    selector,
    told,
)
from runbooks.probes.kubernetes.objects import (
    NAMESPACES,
    PODS,
    Object,
    api_groups,
)
from runbooks.probes.kubernetes.selectors import Labels, labels_of, name_of, selects
from runbooks.probes.kubernetes.templates import Template, templates
from runbooks.probes.sources import Sources
from runbooks.results import Reading

ENFORCERS: Mapping[str, str] = {
    "cilium.io": "Cilium",
    "crd.antrea.io": "Antrea",
    "crd.projectcalico.org": "Calico",
    "k8s.ovn.org": "OVN-Kubernetes",
    "kubeovn.io": "Kube-OVN",
}
"""Network plugins that enforce policies, by the group of their own kinds."""
_LISTS = (
    "open_ingress",
    "open_egress",
    "unreached",
    "without_dns",
    "without_dns_tcp",
    "without_database",
    "without_internet",
    "idle",
    "enforcer",
)


class NetworkPoliciesProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Names the components whose traffic policies leave open, or cut off.

    Source: NetworkPolicies of the namespace against the labels of its pods and of the
    cluster's Namespaces, and the groups of kinds that the cluster knows. A component
    without pods, such as a Job that is done, is judged by the labels that its pods
    would have. Policies of a plugin's own kinds are not read.

    Readings:
        policies: how many select pods of the components.
        open_ingress, open_egress: components that no policy of that direction selects.
        unreached: components whose `port` the ingress controller must not ask.
        without_dns, without_dns_tcp: components that must not ask DNS by UDP, by TCP.
        without_database: components that must not connect to a database: no rule for
            one of its ports names a pod, namespace or address that there is.
        without_internet: components that must not ask 443 on the Internet. A selector
            of namespaces means their pods alone: it takes an address range.
        idle: selectors of policies that select nothing.
        enforcer: network plugin that enforces policies; absent where none is known.

    Attributes:
        port: that components listen on.
        database_ports: of the database, or of a pooler before it.
        ingress_namespace: where the ingress controller is.
        dns_namespace: where the cluster's DNS is. Without one of the two what depends
            on it is not known.

    Raises:
        ProbeError: the cluster cannot be asked, or has nothing of the application.
    """

    port: int = 8000
    database_ports: tuple[int, ...] = (5432, 6432)
    ingress_namespace: str = "ingress-nginx"
    dns_namespace: str = "kube-system"

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(("policies", *_LISTS), "")
    naming: ClassVar[frozenset[str]] = frozenset(_LISTS)

    async def measure(self, sources: Sources) -> Measurement:
        parts = await self._parts(sources)
        there, pods, spaces = await self.lists(sources, POLICIES, PODS, NAMESPACES)
        groups = await api_groups(sources, self.connection)
        around = Surroundings(
            await self.connection.in_namespace(sources),
            [labels_of(p) for p in pods if phase(p) in ("Pending", "Running")],
            spaces,
        )
        ours = [each.labels for each in parts]
        selecting = [p for p in there if any(selects(selector(p), m) for m in ours)]
        found = self._judged(parts, Policies(there), around)
        found["idle"] = [said for each in there for said in _idle(each, around, ours)]
        found["enforcer"] = [name for g, name in ENFORCERS.items() if g in groups]
        lines = [_line(policy, parts) for policy in there] or ["no policy"]
        lines += [
            f"{name.replace('_', ' ')}: {', '.join(dict.fromkeys(those))}"
            for name, those in found.items()
            if those
        ]
        lacking = self._unknown(around)
        readings = [
            Reading("policies", len(selecting)),
            *(listed(name, those) for name, those in found.items()),
        ]
        return Measurement(
            {each.name: each for each in readings if each.name not in lacking},
            "\n".join(lines),
            lacking=lacking,
        )

    def _unknown(self, around: Surroundings) -> dict[str, str]:
        """Return what cannot be known because a namespace is not there, and why."""
        wanted = {
            "unreached": self.ingress_namespace,
            "without_dns": self.dns_namespace,
            "without_dns_tcp": self.dns_namespace,
        }
        return {
            reading: f"the cluster has no namespace {name}: say in the profile which "
            "one it is"
            for reading, name in wanted.items()
            if not around.has(name)
        }

    def _judged(
        self, parts: list[Pods], policies: Policies, around: Surroundings
    ) -> dict[str, list[str]]:
        """Return the components that are open or cut off, by reading."""
        controller = around.within(self.ingress_namespace)
        cluster_dns = around.within(self.dns_namespace)

        def open_to(direction: str) -> list[str]:
            return [p.name for p in parts if not policies.isolating(p, direction)]

        def cut_off(direction: str, peer: Meets, *ports: Port) -> list[str]:
            return [
                p.name
                for p in parts
                if not any(policies.allow(p, direction, n, peer) for n in ports)
            ]

        def dns(peer: Mapping[str, object]) -> bool:
            return cluster_dns(peer) or node_cache(peer)

        database = [Port(number) for number in self.database_ports]
        return {
            "open_ingress": open_to("Ingress"),
            "open_egress": open_to("Egress"),
            "unreached": cut_off("Ingress", controller, Port(self.port)),
            "without_dns": cut_off("Egress", dns, Port(53, "UDP")),
            "without_dns_tcp": cut_off("Egress", dns, Port(53)),
            "without_database": cut_off("Egress", around.anything, *database),
            "without_internet": cut_off("Egress", internet, Port(443)),
        }

    async def _parts(self, sources: Sources) -> list[Pods]:
        """Return each kind of pods of the components."""
        found = [
            Pods(each.component, labels_of(each.template), _ports(each.containers))
            for each in await self.those_there(sources)
        ]
        every = await templates(self, sources)
        for name in self.components:
            if any(name == each.name for each in found):
                continue
            those = [each for each in every if self.component(each.labels) == name]
            found += [Pods(name, t.labels, _ports(t.spec["containers"])) for t in those]
            if not those:
                found.append(Pods(name, self._expected(name, every)))
        return found

    def _expected(self, component: str, like: Iterable[Template]) -> Labels:
        """Return the labels of pods that are not there, by the scheme of others."""
        for application, named in self.schemes:
            if any(each.labels.get(application) == self.application for each in like):
                return {application: self.application, named: component}
        application, named = self.schemes[0]
        return {application: self.application, named: component}


def _ports(containers: Iterable[Object]) -> Mapping[str, int]:
    """Return the names of the ports that containers listen on."""
    return {
        port["name"]: port["containerPort"]
        for each in containers
        for port in each.get("ports") or []
        if "name" in port
    }


def _idle(policy: Object, around: Surroundings, ours: list[Labels]) -> Iterator[str]:
    """Yield the selectors of a policy that select nothing."""
    chosen = selector(policy)
    if not any(selects(chosen, each) for each in (*around.pods, *ours)):
        yield f"{name_of(policy)}: podSelector {told(chosen)}"
    for peer in peers(policy):
        for said in around.lost(peer):
            yield f"{name_of(policy)}: {said}"


def _line(policy: Object, parts: Iterable[Pods]) -> str:
    those = [p.name for p in parts if selects(selector(policy), p.labels)]
    named = ", ".join(dict.fromkeys(those)) or "no component"
    return (
        f"{name_of(policy)} ({', '.join(directions(policy))}): "
        f"{told(selector(policy))}, {named}"
    )
