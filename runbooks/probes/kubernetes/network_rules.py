"""What NetworkPolicies allow.

A pod that no policy of a direction selects may exchange anything; one that some
select, what any of their rules allows. See the API's reference, "NetworkPolicy", and
https://kubernetes.io/docs/concepts/services-networking/network-policies/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from runbooks.probes.kubernetes.objects import Kind, Object
from runbooks.probes.kubernetes.selectors import Labels, labels_of, name_of, selects

POLICIES = Kind("networking.k8s.io/v1", "networkpolicies")
_SIDES = {"Ingress": "from", "Egress": "to"}
_INSIDE = tuple(
    map(
        ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
            *("127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10", "::1/128"),
        ),
    )
)
"""Networks that are no part of the Internet."""
_ON_NODE = ip_network("169.254.0.0/16")
"""Where a node's own DNS cache listens."""

Peer = Mapping[str, Any]
Meets = Callable[[Peer], bool]
"""Whether a peer of a rule means who is asked about."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port that has to be reachable."""

    number: int
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class Pods:
    """Pods that policies may select.

    Attributes:
        name: of the component that they are of.
        ports: numbers of those that they listen on, by name.
    """

    name: str
    labels: Labels
    ports: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the selectors of a namespace's policies can mean.

    Attributes:
        namespace: the one that the policies are in.
        pods: the labels of its pods.
        namespaces: those of the cluster.
    """

    namespace: str
    pods: list[Labels]
    namespaces: list[Object]

    def has(self, name: str) -> bool:
        return any(name_of(each) == name for each in self.namespaces)

    def within(self, name: str) -> Meets:
        """Return what tells whether a peer means a namespace.

        Which of its pods a peer selects besides is not looked at.
        """
        those = (labels_of(each) for each in self.namespaces if name_of(each) == name)
        labels = next(those, {})

        def meets(peer: Peer) -> bool:
            if "ipBlock" in peer:
                return False
            selector = peer.get("namespaceSelector")
            if selector is None:
                return name == self.namespace
            return selects(selector, labels)

        return meets

    def anything(self, peer: Peer) -> bool:
        """Whether a peer means anything that is there, or an address."""
        return "ipBlock" in peer or not list(self.lost(peer))

    def lost(self, peer: Peer) -> Iterator[str]:
        """Yield the selectors of a peer that select nothing."""
        spaces, pods = peer.get("namespaceSelector"), peer.get("podSelector")
        if spaces is not None:
            if not any(selects(spaces, labels_of(each)) for each in self.namespaces):
                yield f"namespaceSelector {told(spaces)}"
        elif pods is not None and not any(selects(pods, each) for each in self.pods):
            yield f"podSelector {told(pods)}"


@dataclass(frozen=True, slots=True)
class Policies:
    """The NetworkPolicies of a namespace."""

    there: list[Object]

    def isolating(self, pods: Pods, direction: str) -> list[Object]:
        """Return the policies of a direction that select pods."""
        return [
            each
            for each in self.there
            if direction in directions(each) and selects(selector(each), pods.labels)
        ]

    def allow(self, pods: Pods, direction: str, port: Port, peer: Meets) -> bool:
        """Whether pods may exchange with whom *peer* means.

        The names that ports of others have are not known: a rule that says where to
        go by name opens nothing.
        """
        names = pods.ports if direction == "Ingress" else {}
        those = self.isolating(pods, direction)
        return not those or any(
            _opens(rule, port, names) and _admits(rule, direction, peer)
            for each in those
            for rule in each["spec"].get(direction.lower()) or []
        )


def directions(policy: Object) -> list[str]:
    """Return what a policy is about; one that does not say is about ingress."""
    spec = policy["spec"]
    said: list[str] = spec.get("policyTypes") or []
    return said or ["Ingress", *(["Egress"] if spec.get("egress") else [])]


def selector(policy: Object) -> Mapping[str, Any]:
    """Return the selector of the pods that a policy is for; without one, all."""
    return policy["spec"].get("podSelector") or {}


def peers(policy: Object) -> Iterator[Peer]:
    """Yield everybody whom the rules of a policy name."""
    for direction in directions(policy):
        for rule in policy["spec"].get(direction.lower()) or []:
            yield from rule.get(_SIDES[direction]) or []


def internet(peer: Peer) -> bool:
    """Whether a peer is an address range of the Internet."""
    ranges = _ranges(peer)
    return any(not any(_within(each, net) for net in _INSIDE) for each in ranges)


def node_cache(peer: Peer) -> bool:
    """Whether a peer is the DNS cache that a node has for its pods."""
    return any(_within(each, _ON_NODE) for each in _ranges(peer))


def told(selector: Mapping[str, Any]) -> str:
    """Return a selector as kubectl writes it."""
    labels: Labels = selector.get("matchLabels") or {}
    parts = [f"{key}={value}" for key, value in labels.items()]
    for each in selector.get("matchExpressions") or []:
        values = ",".join(each.get("values") or [])
        parts.append(f"{each['key']} {each['operator']} {values}".rstrip())
    return ", ".join(parts) or "{}"


def _opens(rule: Mapping[str, Any], port: Port, names: Mapping[str, int]) -> bool:
    """Whether a rule is about a port; one that names none is about all."""
    said = rule.get("ports") or []
    return not said or any(_means(each, port, names) for each in said)


def _means(said: Mapping[str, Any], port: Port, names: Mapping[str, int]) -> bool:
    if (said.get("protocol") or "TCP") != port.protocol:
        return False
    first = said.get("port")
    if first is None:
        return True
    if isinstance(first, str):
        return names.get(first) == port.number
    return bool(first <= port.number <= (said.get("endPort") or first))


def _admits(rule: Mapping[str, Any], direction: str, peer: Meets) -> bool:
    """Whether a rule is about somebody; one that names nobody is about all."""
    said: Iterable[Peer] = rule.get(_SIDES[direction]) or []
    return not said or any(map(peer, said))


def _ranges(peer: Peer) -> list[Any]:
    cidr = (peer.get("ipBlock") or {}).get("cidr")
    return [ip_network(cidr, strict=False)] if cidr else []


def _within(inner: Any, outer: Any) -> bool:
    return bool(inner.version == outer.version and inner.subnet_of(outer))
