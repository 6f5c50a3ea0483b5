"""What an API server does not take: values, and changes of what may not change.

See https://kubernetes.io/docs/reference/kubernetes-api/ and pkg/apis/*/validation in
https://github.com/kubernetes/kubernetes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.runbooks.probes.kubernetes_api import Object

FIXED = ("name", "namespace", "uid", "creationTimestamp")
STATEFUL = {
    *("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit"),
    *("persistentVolumeClaimRetentionPolicy", "minReadySeconds"),
}
"""What may change in the spec of a StatefulSet."""
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


def invalid(thing: Object, before: Object | None = None) -> str:
    """Return why an API server would not take an object, or ""."""
    return "; ".join(_problems(thing, before))


def _problems(thing: Object, before: Object | None) -> Iterator[str]:
    kind, spec = thing["kind"], thing["spec"]
    if before is None:
        yield from _new(thing)
    else:
        yield from _unlike(thing, before)
    scales = kind == "HorizontalPodAutoscaler"
    if scales and not 0 < spec.get("minReplicas", 1) <= spec["maxReplicas"]:
        yield "spec.maxReplicas: Invalid value: must be greater than minReplicas"
    if spec.get("replicas", 0) < 0:
        yield "spec.replicas: Invalid value: must be greater than or equal to 0"
    if kind in _WORKLOADS:
        labels = spec["template"]["metadata"]["labels"]
        if "pod-template-hash" in labels:
            yield "spec.template.metadata.labels: told to be without the hash"
        if not spec["selector"]["matchLabels"].items() <= labels.items():
            yield "spec.template.metadata.labels: `selector` does not match"
        yield from _pods(spec["template"]["spec"], ("Always",))
    if kind == "Job":
        if "selector" in spec and not spec.get("manualSelector"):
            yield "spec.selector: Invalid value: `selector` not auto-generated"
        yield from _pods(spec["template"]["spec"], ("Never", "OnFailure"))


def _new(thing: Object) -> Iterator[str]:
    metadata = thing["metadata"]
    name = metadata["name"]
    if not _NAME.fullmatch(name) or len(name) > (63 if thing["kind"] == "Job" else 253):
        yield f"metadata.name: Invalid value: {name}"
    if "resourceVersion" in metadata:
        yield "resourceVersion should not be set on objects to be created"
    owners = metadata.get("ownerReferences") or []
    for each in owners:
        for key in ("apiVersion", "kind", "name", "uid"):
            if not each.get(key):
                yield f"metadata.ownerReferences.{key}: Required value"
    if sum(bool(each.get("controller")) for each in owners) > 1:
        yield "metadata.ownerReferences: Only one reference can have Controller"


def _unlike(thing: Object, before: Object) -> Iterator[str]:
    for key in ("apiVersion", "kind"):
        if thing.get(key) != before.get(key):
            yield f"{key}: Invalid value: field is immutable"
    for key in FIXED:
        if thing["metadata"].get(key) != before["metadata"].get(key):
            yield f"metadata.{key}: Invalid value: field is immutable"
    spec, old = thing["spec"], before["spec"]
    fixed = set()
    if thing["kind"] in _WORKLOADS:
        fixed = {"selector"}
    if thing["kind"] == "StatefulSet":
        fixed = (set(spec) | set(old)) - STATEFUL
    for key in sorted(fixed):
        if spec.get(key) != old.get(key):
            yield f"spec.{key}: Invalid value: field is immutable"


def _pods(spec: Object, policies: tuple[str, ...]) -> Iterator[str]:
    """Yield what is wrong with the pods of a template."""
    default = policies[0] if policies == ("Always",) else "Always"
    if spec.get("restartPolicy", default) not in policies:
        yield f"spec.template.spec.restartPolicy: Unsupported value, not {policies}"
    names = [each.get("name") for each in spec["containers"]]
    if not names or len(set(names)) < len(names) or not all(names):
        yield "spec.template.spec.containers: Required value, or Duplicate value"
    for each in spec["containers"]:
        if not each.get("image"):
            yield "spec.template.spec.containers.image: Required value"
