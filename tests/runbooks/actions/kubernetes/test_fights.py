"""Who else controls an object, and what is said of them before anything is changed."""

from __future__ import annotations

from typing import Any

import pytest

from runbooks.actions.kubernetes.controllers import APPLIED, Field, fights
from tests.runbooks.actions.kubernetes.acting import Acting
from tests.runbooks.probes.kubernetes_api import Object
from tests.runbooks.probes.kubernetes_workloads import autoscaler, made


def keda(owner: Object) -> Object:
    """Return a ScaledObject without an autoscaler, as it has none while paused."""
    target = {"name": owner["metadata"]["name"]}
    spec = {"scaleTargetRef": target, "minReplicaCount": 0, "maxReplicaCount": 10}
    return made("ScaledObject", "keda.sh/v1alpha1", "api", spec=spec)


def managed(manager: str, **fields: Any) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": "Update",
        "time": "2026-06-05T02:51:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {f"f:{name}": {} for name in fields}},
    }


@pytest.mark.parametrize(
    ("metadata", "field", "words"),
    [
        (
            {"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment"}},
            Field.TEMPLATE,
            "Argo CD (application shop) sets the pod template back at its next sync",
        ),
        (
            {"labels": {"argocd.argoproj.io/instance": "shop"}},
            Field.RESTART,
            "Argo CD (application shop) manages it, and leaves the annotation of a "
            "restart alone",
        ),
        (
            {"managedFields": [managed("argocd-controller")]},
            Field.REPLICAS,
            "Argo CD sets the number of pods back",
        ),
        (
            {"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}},
            Field.TEMPLATE,
            "Flux (Kustomization apps) sets the pod template back at its next "
            "reconciliation",
        ),
        (
            {"managedFields": [managed("helm-controller")]},
            Field.TEMPLATE,
            "Flux sets the pod template back",
        ),
        (
            {
                "labels": {"app.kubernetes.io/managed-by": "Helm"},
                "annotations": {"meta.helm.sh/release-name": "shop"},
            },
            Field.TEMPLATE,
            "Helm (release shop) sets the pod template back at its next upgrade",
        ),
        (
            {
                "ownerReferences": [
                    {"kind": "Shop", "name": "eu", "uid": "1", "controller": True}
                ]
            },
            Field.TEMPLATE,
            "Shop eu owns it: its operator may set the pod template back",
        ),
        (
            {"managedFields": [managed("ci-bot", template={})]},
            Field.TEMPLATE,
            "ci-bot wrote the pod template at 2026-06-05T02:51:00Z",
        ),
        (
            {"managedFields": [managed("kubectl-client-side-apply", template={})]},
            Field.TEMPLATE,
            "kubectl-client-side-apply wrote the pod template at 2026-06-05T02:51:00Z",
        ),
        (
            {"annotations": {APPLIED: "{}"}},
            Field.TEMPLATE,
            "kubectl apply, from a manifest, sets the pod template back at its next",
        ),
        (
            {"labels": {"scaledobject.keda.sh/name": "api"}},
            Field.BOUNDS,
            "KEDA (ScaledObject api) sets the bounds back as soon as it looks",
        ),
    ],
)
def test_whoever_controls_it_is_named(
    metadata: dict[str, Any], field: Field, words: str
) -> None:
    (said,) = fights({"metadata": metadata}, field)
    assert said.startswith(words)


async def test_keda_is_named_without_an_autoscaler(act: Acting) -> None:
    scaled = act.api.add(keda(act.deployment))
    said = await act.describe("scale", component="api", replicas=0)
    does = "KEDA's ScaledObject api sets the number of pods as its triggers say"
    assert said.fights[0].startswith(does)
    pausing = "autoscaling.keda.sh/paused"
    scaled["metadata"]["annotations"] = {pausing: "true"}
    paused = await act.describe("scale", component="api", replicas=0)
    assert paused.fights[0] == (
        "KEDA's ScaledObject api is paused: the number of pods stays"
    )
    scaled["metadata"]["annotations"] = {f"{pausing}-replicas": "4"}
    kept = await act.describe("rollout_restart", component="api")
    assert kept.fights[0] == "KEDA's ScaledObject api is paused, and keeps 4 pods"
    scaled["spec"]["scaleTargetRef"]["name"] = "another"
    other = await act.describe("rollout_restart", component="api")
    assert other.fights == ()


async def test_nobody_may_see_what_keda_scales(act: Acting) -> None:
    act.api.groups.add("keda.sh")
    act.api.denied.add("scaledobjects")
    said = await act.describe("rollout_restart", component="api")
    assert "nobody knows whether it scales it: no permission" in said.fights[0]


async def test_an_autoscaler_of_keda_does_not_let_go_of_nothing(act: Acting) -> None:
    scaler = act.api.add(autoscaler(act.deployment, 3, 10, cpu=(70, 35)))
    scaler["metadata"]["labels"] = {"scaledobject.keda.sh/name": "api"}
    said = await act.describe("scale", component="api", replicas=0)
    assert "pin it instead (kubernetes.pin_hpa)" in " ".join(said.unmet)


@pytest.mark.parametrize("writer", ["gonogo", "kubectl-rollout", "kubectl-set"])
def test_who_wrote_once_does_not_write_again(writer: str) -> None:
    metadata = {"managedFields": [managed(writer, template={})]}
    assert fights({"metadata": metadata}, Field.TEMPLATE) == ()
    others = {"managedFields": [managed("ci-bot", replicas={})]}
    assert fights({"metadata": others}, Field.TEMPLATE) == ()


async def test_they_are_told_before_a_restart(act: Acting) -> None:
    scaler = act.api.add(autoscaler(act.deployment, 3, 10, cpu=(70, 35)))
    scaler["metadata"]["ownerReferences"] = [
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "ScaledObject",
            "name": "api",
            "uid": "7",
            "controller": True,
        }
    ]
    act.deployment["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "Helm"
    said = await act.describe("rollout_restart", component="api")
    assert [line.partition(" (")[0].partition(" m")[0] for line in said.fights] == [
        "HorizontalPodAutoscaler transcript-api-hpa",
        "Helm",
    ]
    assert "of KEDA's ScaledObject api" in said.fights[0]
