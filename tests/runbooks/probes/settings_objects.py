"""Objects of a cluster that give the application its settings."""

from __future__ import annotations

from tests.runbooks.probes.kubernetes_api import Object


def deployment(component: str, env: list[Object], name: str = "") -> Object:
    containers = [{"name": "proxy", "env": []}, {"name": component, "env": env}]
    labels = {"app": "transcript-create", "component": component}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name or f"transcript-{component}",
            "namespace": "transcripts",
            "labels": labels,
        },
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": containers},
            },
        },
    }


def held(kind: str, name: str, data: dict[str, str]) -> Object:
    metadata = {"name": name, "namespace": "transcripts"}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": data}


def env(name: str, value_from: Object) -> Object:
    return {"name": name, "valueFrom": value_from}
