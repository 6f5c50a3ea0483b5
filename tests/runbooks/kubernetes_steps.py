"""Asking steps of the shipped runbook what their probes of a cluster say."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from msgspec.structs import replace

from runbooks.model import Step
from runbooks.results import Finding
from runbooks.runner import Runner
from runbooks.target import Target
from tests.runbooks.probes.kubernetes_api import KubernetesAPI, Object
from tests.runbooks.production_steps import SHIPPED


def steps(ids: Collection[str]) -> list[Step]:
    """Return these steps without their other probes."""
    found = []
    for step in SHIPPED.steps:
        probes = tuple(p for p in step.probes if p.use.startswith("kubernetes."))
        if step.id in ids and probes:
            options = replace(step.options, probe=None, probes=probes)
            found.append(replace(step, options=options))
    return found


async def found_by(
    api: KubernetesAPI,
    directory: Path,
    objects: list[Object],
    ids: Collection[str],
    **facts: str,
) -> dict[str, Finding]:
    """Return what these steps find in a cluster of these objects."""
    api.objects = objects
    api.requests.clear()
    config = api.kubeconfig(directory / "kubeconfig")
    facts = {"platform": "kubernetes", "gpu": "amd", **facts}
    tables = {"kubernetes": {"kubeconfig": str(config)}}
    runner = Runner(Target("cluster", facts=facts, tables=tables))
    return {id: found async for id, found in runner.probe_all(steps(ids))}


def results(found: dict[str, Finding]) -> dict[str, str]:
    return {id: finding.result.value for id, finding in found.items()}
