"""The revisions of a workload: ReplicaSets of a Deployment, else ControllerRevisions.

Numbers move: a template that comes back takes the next number, and its old one is
gone. What stays is what its pods are labelled with: the hash of a ReplicaSet's
template, the name of a ControllerRevision.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

from runbooks.actions.kubernetes.cluster import ClusterAction
from runbooks.actions.kubernetes.standing import Standing
from runbooks.probes.kubernetes.objects import Kind, Object
from runbooks.probes.kubernetes.rollout import REPLICA_SETS
from runbooks.probes.kubernetes.selectors import annotations_of, labels_of, name_of
from runbooks.probes.sources import Sources

CONTROLLER_REVISIONS = Kind("apps/v1", "controllerrevisions")
HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
BEFORE = "deployment.kubernetes.io/revision-history"
"""Numbers that a ReplicaSet had before it came back."""
CAUSE = "kubernetes.io/change-cause"
_POD_HASH = "controller-revision-hash"
"""Label of pods: of a StatefulSet the name of the revision, of a DaemonSet its hash."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision.

    Attributes:
        kept: the ReplicaSet or ControllerRevision that keeps its template.
    """

    number: int
    kept: Object

    @classmethod
    def of(cls, kept: Object) -> Revision:
        number = str(kept.get("revision") or annotations_of(kept).get(REVISION, ""))
        return cls(int(number) if number.isdecimal() else 0, kept)

    @property
    def is_replica_set(self) -> bool:
        return "data" not in self.kept

    @property
    def kind(self) -> str:
        return "ReplicaSet" if self.is_replica_set else "ControllerRevision"

    @property
    def name(self) -> str:
        return name_of(self.kept)

    @property
    def hash(self) -> str:
        """What stays when its number moves."""
        return labels_of(self.kept).get(HASH, "") if self.is_replica_set else self.name

    @property
    def pods(self) -> str:
        """The selector of its pods."""
        if self.is_replica_set:
            return f"{HASH}={self.hash}"
        return f"{_POD_HASH}={labels_of(self.kept).get(_POD_HASH) or self.name}"

    @property
    def template(self) -> Object:
        """The pod template as the workload has it."""
        holder = self.kept if self.is_replica_set else self.kept["data"]
        return plain(holder["spec"]["template"])

    @property
    def images(self) -> str:
        return images(self.template)

    @property
    def made(self) -> str:
        """When its template was first rolled out, as the API writes times."""
        return str(self.kept["metadata"].get("creationTimestamp", ""))

    @property
    def was(self) -> str:
        """The numbers that it had before it came back, ``1,3``, or "".

        That is noted of ReplicaSets alone.
        """
        return annotations_of(self.kept).get(BEFORE, "")

    @property
    def cause(self) -> str:
        """What whoever rolled it out noted, or ""."""
        return annotations_of(self.kept).get(CAUSE, "")


def keepers(kind: str) -> Kind:
    """Return what keeps the revisions of workloads of a kind."""
    return REPLICA_SETS if kind == "Deployment" else CONTROLLER_REVISIONS


async def revisions(
    sources: Sources, action: ClusterAction, kind: str, workload: Object
) -> list[Revision]:
    """Return the revisions that there still are, oldest first.

    Raises:
        ProbeError: what keeps them cannot be listed.
    """
    return of(workload, await action.objects(sources, keepers(kind)))


def of(workload: Object, kept: Sequence[Object]) -> list[Revision]:
    """Return the revisions of a workload among what keeps some, oldest first."""
    uid = workload["metadata"]["uid"]
    found = [
        Revision.of(each)
        for each in kept
        for owner in each["metadata"].get("ownerReferences") or []
        if owner.get("controller") and owner.get("uid") == uid
    ]
    return sorted(found, key=lambda each: each.number)


def current(workload: Object, history: Sequence[Revision]) -> Revision | None:
    """Return the revision of the workload's template, None before there is one.

    A ReplicaSet is known by its template. A ControllerRevision is written once, by
    the API server of that day, so that what its controller says is asked instead:
    of a StatefulSet status.updateRevision, of a DaemonSet the highest number.
    """
    if not history:
        return None
    if history[-1].is_replica_set:
        template = plain(workload["spec"]["template"])
        same = [each for each in history if each.template == template]
    elif not Standing.of(workload).seen:
        return None
    else:
        status = workload.get("status") or {}
        wanted = status.get("updateRevision") or history[-1].name
        same = [each for each in history if each.name == wanted]
    return same[-1] if same else None


def images(template: Object) -> str:
    """Return the images of a pod template's containers."""
    said = (str(each.get("image", "")) for each in template["spec"]["containers"])
    return ", ".join(said)


def plain(template: Object) -> Object:
    """Return a template without what its keeper adds to it."""
    found = copy.deepcopy(template)
    # A ControllerRevision is kept as a patch that replaces the whole.
    found.pop("$patch", None)
    metadata = found.get("metadata") or {}
    (metadata.get("labels") or {}).pop(HASH, None)
    # Filled in by no one, and by some clients as null.
    metadata.pop("creationTimestamp", None)
    return found
