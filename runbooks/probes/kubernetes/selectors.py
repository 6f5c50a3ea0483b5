"""Label selectors: which objects another object means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Labels = Mapping[str, str]


def selects(selector: Mapping[str, Any], labels: Labels) -> bool:
    """Whether a LabelSelector means an object with these labels.

    An empty selector means every object. See the API's reference, "LabelSelector".
    """
    wanted: Labels = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    expressions = selector.get("matchExpressions") or []
    return all(meets(each, labels) for each in expressions)


def meets(requirement: Mapping[str, Any], labels: Labels) -> bool:
    """Whether labels meet one requirement of a label or node selector.

    See the API's reference, "LabelSelectorRequirement" and, for ``Gt`` and ``Lt``,
    "NodeSelectorRequirement".
    """
    key, values = requirement["key"], requirement.get("values") or []
    match requirement["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case "Gt" | "Lt" as operator:
            try:
                apart = int(labels[key]) - int(values[0])
            except (KeyError, IndexError, ValueError):
                return False
            return apart > 0 if operator == "Gt" else apart < 0
    return False


def labels_of(thing: Mapping[str, Any]) -> Labels:
    """Return the labels of an object or of a pod template."""
    return (thing.get("metadata") or {}).get("labels") or {}


def annotations_of(thing: Mapping[str, Any]) -> Labels:
    """Return the annotations of an object or of a pod template."""
    return (thing.get("metadata") or {}).get("annotations") or {}


def name_of(thing: Mapping[str, Any]) -> str:
    return str(thing["metadata"]["name"])
