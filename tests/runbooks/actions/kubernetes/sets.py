"""A tiny controller of StatefulSets and DaemonSets, with their ControllerRevisions.

An equal template is found again and takes the next number; that it had another one is
noted nowhere. See pkg/controller/history in https://github.com/kubernetes/kubernetes.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from tests.runbooks.actions.kubernetes.templates import hashed, owned_by
from tests.runbooks.probes.kubernetes_api import Object
from tests.runbooks.probes.kubernetes_workloads import labels, made

if TYPE_CHECKING:
    from tests.runbooks.actions.kubernetes.writable_api import WritableAPI

NODES = 2


def workload(kind: str, component: str, image: str) -> Object:
    """Return a StatefulSet or DaemonSet of two pods."""
    template = {
        "metadata": {"labels": labels(component)},
        "spec": {"containers": [{"name": component, "image": image}]},
    }
    spec = {
        "selector": {"matchLabels": labels(component)},
        "template": template,
        "updateStrategy": {"type": "RollingUpdate"},
    }
    if kind == "StatefulSet":
        spec |= {"replicas": NODES, "serviceName": component}
        spec |= {"podManagementPolicy": "OrderedReady"}
    metadata = {"labels": labels(component)}
    return made(kind, "apps/v1", component, metadata=metadata, spec=spec)


def serve(api: WritableAPI, owner: Object) -> None:
    """Go one step: first one pod is new, then all are."""
    name = _kept(api, owner)["metadata"]["name"]
    before = owner.get("status") or {}
    generation = owner["metadata"]["generation"]
    fresh = before.get("observedGeneration") != generation
    desired = owner["spec"].get("replicas", NODES)
    updated = min(1, desired) if fresh else desired
    if owner["kind"] == "StatefulSet":
        numbers = ("replicas", "readyReplicas", "availableReplicas")
        status = dict.fromkeys(numbers, desired)
        status |= {"updatedReplicas": updated, "updateRevision": name}
    else:
        status = {f"{e}NumberScheduled": desired for e in ("desired", "current")}
        status |= {"numberReady": desired, "numberAvailable": desired}
        status |= {"numberMisscheduled": 0, "updatedNumberScheduled": updated}
    owner["status"] = {**status, "observedGeneration": generation}
    if owner["status"] != before:
        api.touch(owner)


def _kept(api: WritableAPI, owner: Object) -> Object:
    """Return the ControllerRevision of the template, with the highest number."""
    hash = hashed(owner["spec"]["template"])
    name = f"{owner['metadata']['name']}-{hash}"
    there = [
        each
        for each in api.objects
        if each["kind"] == "ControllerRevision"
        and each["metadata"]["ownerReferences"][0]["uid"] == owner["metadata"]["uid"]
    ]
    latest = max((each["revision"] for each in there), default=0)
    for each in there:
        if each["metadata"]["name"] == name:
            if each["revision"] < latest:
                each["revision"] = latest + 1
                api.touch(each)
            return each
    template = copy.deepcopy(owner["spec"]["template"])
    # Written by the codec of that day, which has no word for a time that is not.
    template["metadata"]["creationTimestamp"] = None
    label = (
        "controller.kubernetes.io/hash"
        if owner["kind"] == "StatefulSet"
        else "controller-revision-hash"
    )
    metadata = {
        "labels": {**owner["spec"]["selector"]["matchLabels"], label: hash},
        "ownerReferences": [owned_by(owner)],
    }
    found = made(
        "ControllerRevision",
        "apps/v1",
        name,
        metadata=metadata,
        data={"spec": {"template": {**template, "$patch": "replace"}}},
        revision=latest + 1,
    )
    return api.add(found)
