"""The revisions of a Deployment: the ReplicaSets that it owns.

Numbers move: a template that comes back takes the next number, and its old one is
gone. What stays is the hash of the template that ReplicaSet and pods are labelled with.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

from runbooks.actions.kubernetes.cluster import ClusterAction
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.rollout import REPLICA_SETS
from runbooks.probes.kubernetes.selectors import annotations_of, labels_of, name_of
from runbooks.probes.sources import Sources

HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
CAUSE = "kubernetes.io/change-cause"


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision."""

    number: int
    set: Object

    @property
    def name(self) -> str:
        return name_of(self.set)

    @property
    def hash(self) -> str:
        return labels_of(self.set).get(HASH, "")

    @property
    def template(self) -> Object:
        """The pod template as a Deployment has it."""
        return plain(self.set["spec"]["template"])

    @property
    def images(self) -> str:
        return images(self.template)

    @property
    def made(self) -> str:
        """When its template was first rolled out, as the API writes times."""
        return str(self.set["metadata"].get("creationTimestamp", ""))

    @property
    def cause(self) -> str:
        """What whoever rolled it out noted, or ""."""
        return annotations_of(self.set).get(CAUSE, "")


async def revisions(
    sources: Sources, action: ClusterAction, deployment: Object
) -> list[Revision]:
    """Return the revisions that there still are, oldest first.

    Raises:
        ProbeError: ReplicaSets cannot be listed.
    """
    return of(deployment, await action.objects(sources, REPLICA_SETS))


def of(deployment: Object, sets: Sequence[Object]) -> list[Revision]:
    """Return the revisions among ReplicaSets, oldest first."""
    uid = deployment["metadata"]["uid"]
    found = [
        Revision(int(annotations_of(each).get(REVISION) or 0), each)
        for each in sets
        for owner in each["metadata"].get("ownerReferences") or []
        if owner.get("controller") and owner.get("uid") == uid
    ]
    return sorted(found, key=lambda each: each.number)


def current(deployment: Object, history: Sequence[Revision]) -> Revision | None:
    """Return the revision of the Deployment's template, None before there is one."""
    template = plain(deployment["spec"]["template"])
    same = [each for each in history if each.template == template]
    return same[-1] if same else None


def images(template: Object) -> str:
    """Return the images of a pod template's containers."""
    said = (str(each.get("image", "")) for each in template["spec"]["containers"])
    return ", ".join(said)


def plain(template: Object) -> Object:
    """Return a template without the label that a ReplicaSet adds."""
    found = copy.deepcopy(template)
    labels = (found.get("metadata") or {}).get("labels") or {}
    labels.pop(HASH, None)
    # Filled in by no one, and by some clients as null.
    (found.get("metadata") or {}).pop("creationTimestamp", None)
    return found
