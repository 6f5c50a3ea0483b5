"""Nodes that a pod may run on.

See https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/ and
https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbooks.probes.kubernetes.selectors import labels_of, meets, name_of

Spec = Mapping[str, Any]


def chooses(pod: Spec, node: Spec) -> bool:
    """Whether nodeSelector and required node affinity of a PodSpec mean a node."""
    labels = labels_of(node)
    if any(labels.get(k) != v for k, v in (pod.get("nodeSelector") or {}).items()):
        return False
    affinity = (pod.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    fields = {"metadata.name": name_of(node)}
    return any(
        all(meets(each, labels) for each in term.get("matchExpressions") or [])
        and all(meets(each, fields) for each in term.get("matchFields") or [])
        for term in required["nodeSelectorTerms"]
        if term.get("matchExpressions") or term.get("matchFields")
    )


def repelling(pod: Spec, node: Spec) -> list[str]:
    """Return the taints of a node that keep a pod off it, as ``key=value:effect``."""
    return [
        f"{taint['key']}={taint.get('value', '')}:{taint['effect']}"
        for taint in node["spec"].get("taints") or []
        if taint["effect"] in ("NoSchedule", "NoExecute")
        and not any(_tolerates(e, taint) for e in pod.get("tolerations") or [])
    ]


def _tolerates(toleration: Spec, taint: Spec) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("key") not in (None, "", taint["key"]):
        return False
    operator = toleration.get("operator") or "Equal"
    same = (toleration.get("value") or "") == (taint.get("value") or "")
    return operator == "Exists" or (operator == "Equal" and same)
