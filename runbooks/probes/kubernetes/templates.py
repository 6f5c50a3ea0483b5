"""Pod templates of the application, whatever makes its pods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.application import ApplicationProbe, owned_labels
from runbooks.probes.kubernetes.objects import DEPLOYMENTS, Kind, Object
from runbooks.probes.kubernetes.selectors import Labels, labels_of, name_of
from runbooks.probes.sources import Sources

CRON_JOBS = Kind("batch/v1", "cronjobs")
DAEMON_SETS = Kind("apps/v1", "daemonsets")
JOBS = Kind("batch/v1", "jobs")
STATEFUL_SETS = Kind("apps/v1", "statefulsets")
_KINDS = (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, CRON_JOBS, JOBS)


@dataclass(frozen=True, slots=True)
class Template:
    """A pod template and whose it is.

    Attributes:
        owner: such as ``transcript-api``.
        metadata: labels and annotations of its pods.
        spec: PodSpec.
    """

    owner: str
    metadata: Object
    spec: Object

    @property
    def labels(self) -> Labels:
        return self.metadata.get("labels") or {}

    @property
    def annotations(self) -> Labels:
        return self.metadata.get("annotations") or {}

    @property
    def volumes(self) -> list[Object]:
        return self.spec.get("volumes") or []

    def containers(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield every container with a name that tells it from others."""
        for kind in ("initContainers", "containers"):
            for each in self.spec.get(kind) or []:
                yield f"{self.owner}/{each['name']}", each


async def templates(probe: ApplicationProbe, sources: Sources) -> list[Template]:
    """Return the pod templates of everything that belongs to the application.

    Jobs that a CronJob made are left out: they have its template.

    Raises:
        ProbeError: the cluster cannot be asked, or has nothing of the application.
    """
    found = []
    for kind, there in zip(_KINDS, await probe.lists(sources, *_KINDS), strict=True):
        for each in there:
            if _of_cron_job(each):
                continue
            maker = each["spec"]["jobTemplate"] if kind == CRON_JOBS else each
            if _belongs(probe, {**labels_of(each), **owned_labels(maker)}):
                template = maker["spec"]["template"]
                metadata = template.get("metadata") or {}
                found.append(Template(name_of(each), metadata, template["spec"]))
    if not found:
        namespace = await probe.connection.in_namespace(sources)
        said = f"{namespace} has nothing labelled {probe.application}"
        raise ProbeError(said, source=probe.source, stage="query")
    return found


def secrets_of(template: Object) -> Iterator[str]:
    """Yield the names of Secrets that a pod cannot do without."""
    for container in template["spec"]["containers"]:
        found = [each.get("secretRef") for each in container.get("envFrom") or ()]
        entries = container.get("env") or ()
        found += [(e.get("valueFrom") or {}).get("secretKeyRef") for e in entries]
        for reference in filter(None, found):
            if not reference.get("optional"):
                yield reference["name"]
    for volume in template["spec"].get("volumes") or ():
        secret = volume.get("secret")
        if secret and not secret.get("optional"):
            yield secret["secretName"]


def _belongs(probe: ApplicationProbe, labels: Labels) -> bool:
    """Whether labels name the application, whichever component."""
    return any(labels.get(scheme[0]) == probe.application for scheme in probe.schemes)


def _of_cron_job(thing: Object) -> bool:
    owners = thing["metadata"].get("ownerReferences") or []
    return any(each.get("kind") == "CronJob" for each in owners)
