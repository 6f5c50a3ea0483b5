"""What the probes of a cluster and of the application on it have in common.

The application's Deployments are found by labels, never by name, because manifests
and charts name them differently.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.parameters import Parametrised
from runbooks.probes.base import Probe
from runbooks.probes.kubernetes.connection import Connection
from runbooks.probes.kubernetes.objects import DEPLOYMENTS, PODS, Kind, Object, objects
from runbooks.probes.kubernetes.selectors import (
    Labels,
    annotations_of,
    labels_of,
    name_of,
    selects,
)
from runbooks.probes.sources import Sources
from runbooks.results import Reading
from runbooks.target import Target, lookup

SCHEMES = (
    ("app", "component"),
    ("app.kubernetes.io/name", "app.kubernetes.io/component"),
)
"""Labels that name application and component: of plain manifests, of charts."""
_DEFAULT = "kubectl.kubernetes.io/default-container"


class Cluster(Parametrised, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What leads to one Kubernetes API server.

    Attributes:
        kubeconfig, context, namespace: where; see
            `runbooks.probes.kubernetes.connection.Connection`.
    """

    kubeconfig: str = ""
    context: str = ""
    namespace: str = ""

    table: ClassVar[str] = "kubernetes"

    @classmethod
    def with_defaults(
        cls, parameters: Mapping[str, Any], target: Target
    ) -> dict[str, Any]:
        """Return *parameters* with what the profile adds to them.

        Raises:
            ProbeError: neither it nor they mention a cluster: the one that kubectl
                would ask may have nothing to do with the deployment.
        """
        if cls.table not in target.tables and "context" not in parameters:
            lookup(target, f"{cls.table}.context")
        return super().with_defaults(parameters, target)

    @property
    def connection(self) -> Connection:
        return Connection(self.kubeconfig, self.context, self.namespace)

    @property
    def source(self) -> str:
        return self.connection.source

    async def objects(self, sources: Sources, kind: Kind) -> list[Object]:
        return await objects(sources, self.connection, kind)

    async def lists(self, sources: Sources, *kinds: Kind) -> list[list[Object]]:
        """Return the objects of several kinds, asked for at once."""
        return await asyncio.gather(*(self.objects(sources, each) for each in kinds))


class ClusterProbe(Cluster, Probe, frozen=True, kw_only=True):
    """Asks one Kubernetes API server."""

    server: ClassVar[str] = "API server"


@dataclass(frozen=True, slots=True)
class Workload:
    """One Deployment of the application, and its pods."""

    component: str
    deployment: Object
    pods: list[Object]

    @property
    def name(self) -> str:
        return name_of(self.deployment)

    @property
    def desired(self) -> int:
        """Return how many pods there should be; 1 where nobody says."""
        replicas = self.deployment["spec"].get("replicas")
        return 1 if replicas is None else int(replicas)

    @property
    def template(self) -> Object:
        template: Object = self.deployment["spec"]["template"]
        return template

    @property
    def containers(self) -> list[Object]:
        """Return the containers that run for as long as a pod does."""
        containers: list[Object] = self.template["spec"]["containers"]
        return containers

    @property
    def container(self) -> Object:
        """Return the one that does the work: others attend it.

        It has the component's name, or is the one that kubectl means when nobody
        names one (``kubectl.kubernetes.io/default-container``), or comes first.
        """
        for name in (self.component, annotations_of(self.template).get(_DEFAULT)):
            for each in self.containers:
                if each["name"] == name:
                    return each
        return self.containers[0]


class ApplicationProbe(ClusterProbe, frozen=True, kw_only=True):
    """Looks at Deployments of the application.

    Attributes:
        application: value of the label that names it.
        components: those to look at.
        schemes: pairs of labels, one for the application and one for the component;
            an object belongs when it has one pair.
    """

    application: str = "transcript-create"
    components: tuple[str, ...] = ("api", "worker")
    schemes: tuple[tuple[str, str], ...] = SCHEMES

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        empty = "components" in parameters and not parameters["components"]
        return ["components is empty; name one, such as api"] if empty else []

    @property
    def thing(self) -> str:
        return f"{self.source} {', '.join(self.components)}"

    def component(self, labels: Labels) -> str:
        """Return the component that labels name, "" where they are of no such one."""
        named = components_of(labels, self.application, self.schemes)
        return next((each for each in named if each in self.components), "")

    async def those_there(self, sources: Sources) -> list[Workload]:
        """Return the Deployments of the components, as far as there are any."""
        deployments, pods = await self.lists(sources, DEPLOYMENTS, PODS)
        return [
            Workload(component, deployment, _pods(deployment, pods))
            for deployment in deployments
            if (component := self.component(owned_labels(deployment)))
        ]

    async def workloads(self, sources: Sources) -> list[Workload]:
        """Return the Deployments of the components, at least one of each.

        Raises:
            ProbeError: a component has none, so that nothing can be said of it.
        """
        found = await self.those_there(sources)
        if missing := self.missing(found):
            namespace = await self.connection.in_namespace(sources)
            said = f"{namespace} has no Deployment of {', '.join(missing)}"
            error = ProbeError(said, source=self.source, stage="query")
            error.add_note(
                f"It needs the labels {self.schemes[0][0]}={self.application} and "
                f"{self.schemes[0][1]}={missing[0]}, or those of another scheme."
            )
            raise error
        return found

    def missing(self, found: Iterable[Workload]) -> list[str]:
        there = {each.component for each in found}
        return [each for each in self.components if each not in there]


def components_of(
    labels: Labels, application: str, schemes: Iterable[tuple[str, str]]
) -> Iterator[str]:
    """Yield the components of an application that labels name, by each scheme."""
    for whole, part in schemes:
        if labels.get(whole) == application and labels.get(part):
            yield labels[part]


def owned_labels(thing: Object) -> Labels:
    """Return the labels of an object that makes pods, and of those pods."""
    return {**labels_of(thing), **labels_of(thing["spec"]["template"])}


def listed(name: str, names: Iterable[str]) -> Reading:
    """Return a reading that names things, absent when there are none."""
    return Reading(name, ", ".join(dict.fromkeys(names)) or None)


def condition(thing: Object, kind: str) -> dict[str, Any]:
    """Return a condition of an object's status, {} without."""
    conditions = (thing.get("status") or {}).get("conditions") or []
    return next((each for each in conditions if each.get("type") == kind), {})


def holds(thing: Object, kind: str) -> bool:
    """Whether a condition of an object's status is True."""
    return condition(thing, kind).get("status") == "True"


def phase(thing: Object) -> str:
    """Return the phase of a pod or a claim; what nobody has looked at is Pending."""
    return str((thing.get("status") or {}).get("phase") or "Pending")


def _pods(deployment: Object, pods: Iterable[Object]) -> list[Object]:
    """Return the pods that serve or are to serve; those that go are left out."""
    selector = deployment["spec"]["selector"]
    return [
        pod
        for pod in pods
        if selects(selector, labels_of(pod))
        and "deletionTimestamp" not in pod["metadata"]
        and phase(pod) not in ("Succeeded", "Failed")
    ]
