"""Who else controls an object, and what is said of them before anything is changed."""

from __future__ import annotations

from typing import Any

import pytest

from runbooks.actions.kubernetes.controllers import Field, fights
from tests.runbooks.actions.kubernetes.acting import Acting
from tests.runbooks.probes.kubernetes_workloads import autoscaler


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


@pytest.mark.parametrize("writer", ["gonogo", "kubectl-rollout"])
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
