"""Probe of who makes the Secrets that pods use: a manager of secrets, or a hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.probes.base import Duration, Measurement, Probe, measured
from runbooks.probes.settings import pods
from runbooks.probes.sources import Sources
from runbooks.results import Reading
from runbooks.target import Target

_LABELS = {
    "reconcile.external-secrets.io/managed": "External Secrets",
    "secrets-store.csi.k8s.io/managed": "Secrets Store CSI driver",
}
_INJECTING = "vault.hashicorp.com/agent-inject"


class ManagersProbe(Probe, frozen=True, kw_only=True):
    """Measures how the Secrets that Deployments refer to come into the cluster.

    Source: the pod templates, and the metadata of the Secrets: their owner
    (ExternalSecret, SealedSecret, VaultStaticSecret, …) or the label that the
    External Secrets Operator and the Secrets Store CSI driver set. Values are not
    read.

    Readings:
        by_hand: Secrets without such an owner; absent when there are none.
        missing: those that are referred to and not there.
        managers: who makes the others; absent when nobody does.
        secrets: how many are referred to.

    Attributes:
        service: whose Deployments.
        kubernetes: the profile's table of this name.

    Raises:
        ProbeError: the cluster cannot be asked.
    """

    service: tuple[str, ...] = ("api", "worker")
    kubernetes: Mapping[str, str] = {}
    timeout: Duration = Duration(20)

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("by_hand", "missing", "managers", "secrets"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"by_hand", "missing", "managers"})

    @classmethod
    def with_defaults(
        cls, parameters: Mapping[str, Any], target: Target
    ) -> dict[str, Any]:
        said = target.tables.get("kubernetes", {})
        way = {key: f"${{kubernetes.{key}}}" for key in pods.WAY if key in said}
        return {"kubernetes": way, **parameters}

    @property
    def source(self) -> str:
        return pods.connection(self.kubernetes).source

    async def measure(self, sources: Sources) -> Measurement:
        from runbooks.probes.kubernetes.objects import SECRETS_METADATA, objects
        from runbooks.probes.kubernetes.templates import secrets_of

        templates = [
            each["spec"]["template"]
            for service in self.service
            for each in await pods.deployments(sources, self.kubernetes, service)
        ]
        way = pods.connection(self.kubernetes)
        held = {
            each["metadata"]["name"]: each["metadata"]
            for each in await objects(sources, way, SECRETS_METADATA)
        }
        needed = dict.fromkeys(name for t in templates for name in secrets_of(t))
        made = {name: _manager(held[name]) for name in needed if name in held}
        managers = dict.fromkeys(each for each in made.values() if each)
        managers |= dict.fromkeys("Vault" for each in templates if _injected(each))
        by_hand = [name for name, manager in made.items() if not manager]
        missing = [name for name in needed if name not in held]
        lines = [f"{name}: made by {by or 'hand'}" for name, by in made.items()]
        return measured(
            "\n".join([*lines, *(f"{name}: not there" for name in missing)]),
            Reading("by_hand", ", ".join(by_hand) or None),
            Reading("missing", ", ".join(missing) or None),
            Reading("managers", ", ".join(managers) or None),
            Reading("secrets", len(needed)),
        )


def _manager(metadata: Mapping[str, Any]) -> str:
    """Return what makes a Secret, "" where nothing that makes Secrets does."""
    labels = metadata.get("labels") or {}
    owners = [owner["kind"] for owner in metadata.get("ownerReferences") or ()]
    known = [name for label, name in _LABELS.items() if labels.get(label) == "true"]
    return next(iter([*owners, *known]), "")


def _injected(template: Mapping[str, Any]) -> bool:
    annotations = (template.get("metadata") or {}).get("annotations") or {}
    return annotations.get(_INJECTING) == "true"
