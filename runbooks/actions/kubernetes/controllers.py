"""Who else controls an object, and what they will do to a change of it.

They are known by owner references, labels, annotations, and by who wrote which field
(``metadata.managedFields``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.scaling import bounds
from runbooks.probes.kubernetes.selectors import annotations_of, labels_of, name_of


class Field(Enum):
    """What is changed; values are names in words."""

    TEMPLATE = "the pod template"
    RESTART = "the annotation of a restart"
    REPLICAS = "the number of pods"
    PAUSED = "the pause"
    BOUNDS = "the bounds"
    SUSPENDED = "the suspension"


_PLACES: Mapping[Field, str] = {
    Field.TEMPLATE: "f:template",
    Field.REPLICAS: "f:replicas",
    Field.PAUSED: "f:paused",
    Field.BOUNDS: "f:maxReplicas",
    Field.SUSPENDED: "f:suspend",
}
"""Where a field is below ``f:spec``."""
_KNOWN = ("gonogo", "kube-controller-manager")
"""Writers that write once, when somebody tells them to, and the cluster itself."""
_BY_HAND, _APPLIED = "kubectl-", "kubectl-client-side-apply"
"""What kubectl calls itself by its verb; applying a manifest is done again."""
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def fights(
    thing: Object, field: Field, autoscalers: Iterable[Object] = ()
) -> tuple[str, ...]:
    """Return who else controls *thing*, each with what they do to a change of *field*.

    Args:
        autoscalers: those whose target it is.
    """
    return (*_autoscalers(autoscalers, field), *_tools(thing, field))


def scaled_object(thing: Object) -> str:
    """Return the ScaledObject of KEDA that an autoscaler is of, or ""."""
    label = labels_of(thing).get("scaledobject.keda.sh/name", "")
    owners = thing["metadata"].get("ownerReferences") or []
    names = [str(e["name"]) for e in owners if e.get("kind") == "ScaledObject"]
    return names[0] if names else label


def _autoscalers(autoscalers: Iterable[Object], field: Field) -> Iterator[str]:
    for each in autoscalers:
        low, high = bounds(each)
        who = f"HorizontalPodAutoscaler {name_of(each)} ({low} to {high} pods)"
        if keda := scaled_object(each):
            who += f" of KEDA's ScaledObject {keda}"
        if field is Field.REPLICAS:
            yield f"{who} sets the number of pods back within seconds"
        elif low == high:
            yield f"{who} is pinned: the number of pods stays"
        else:
            yield (
                f"{who} may change the number of pods meanwhile: kubernetes.pin_hpa "
                "keeps it"
            )


def _tools(thing: Object, field: Field) -> Iterator[str]:
    labels, annotations = labels_of(thing), annotations_of(thing)
    writers = {str(e.get("manager", "")) for e in _entries(thing)}
    if field is Field.BOUNDS and (keda := scaled_object(thing)):
        yield (
            f"KEDA (ScaledObject {keda}) sets the bounds back as soon as it looks: "
            "pause it (annotation autoscaling.keda.sh/paused-replicas)"
        )
    tracked = annotations.get("argocd.argoproj.io/tracking-id", "").partition(":")[0]
    tracked = tracked or labels.get("argocd.argoproj.io/instance", "")
    if tracked or any(each.startswith("argocd") for each in writers):
        who = f"Argo CD (application {tracked})" if tracked else "Argo CD"
        yield _back(who, field, "sync, at once where it heals itself")
    for kind, writer in (("kustomize", "Kustomization"), ("helm", "HelmRelease")):
        named = labels.get(f"{kind}.toolkit.fluxcd.io/name", "")
        if named or f"{kind}-controller" in writers:
            who = f"Flux ({writer} {named})" if named else "Flux"
            yield _back(who, field, "reconciliation")
    release = annotations.get("meta.helm.sh/release-name", "")
    if release or labels.get("app.kubernetes.io/managed-by") == "Helm":
        who = f"Helm (release {release})" if release else "Helm"
        yield _back(who, field, "upgrade")
    for owner in thing["metadata"].get("ownerReferences") or []:
        if owner.get("controller") and owner.get("kind") != "ScaledObject":
            yield (
                f"{owner['kind']} {owner['name']} owns it: its operator may set "
                f"{field.value} back at any time"
            )
    yield from _written(thing, field)
    if APPLIED in annotations and _APPLIED not in writers:
        yield _back("kubectl apply, from a manifest,", field, "apply")


def _back(who: str, field: Field, when: str) -> str:
    if field is Field.RESTART:
        return f"{who} manages it, and leaves {field.value} alone"
    return f"{who} sets {field.value} back at its next {when}: change it there too"


def _written(thing: Object, field: Field) -> Iterator[str]:
    """Yield who wrote the field last, as far as that may happen again."""
    for entry in _entries(thing):
        written = (entry.get("fieldsV1") or {}).get("f:spec") or {}
        writer = str(entry.get("manager", ""))
        once = writer.startswith(_BY_HAND) and writer != _APPLIED
        if _PLACES.get(field) in written and writer not in _KNOWN and not once:
            yield (
                f"{writer} wrote {field.value} at {entry.get('time', 'some time')}: "
                "its next run writes over this"
            )


def _entries(thing: Object) -> Iterable[Object]:
    entries: list[Object] = thing["metadata"].get("managedFields") or []
    return entries
