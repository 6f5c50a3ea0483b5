"""Probe of what bounds the storage that a namespace may use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ClusterProbe, listed
from runbooks.probes.kubernetes.objects import Kind, Object
from runbooks.probes.kubernetes.quantities import amount
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.kubernetes.volumes import CLAIMS
from runbooks.probes.sources import Sources
from runbooks.results import Reading

QUOTAS = Kind("v1", "resourcequotas")
_STORAGE = "requests.storage"
_OF_CLASS = f".storageclass.storage.k8s.io/{_STORAGE}"


class QuotasProbe(ClusterProbe, frozen=True, kw_only=True):
    """Measures the bounds on storage in the application's namespace.

    Source: ``status.hard`` and ``status.used`` of ResourceQuotas, for all storage or
    that of one class, see
    https://kubernetes.io/docs/concepts/policy/resource-quotas/; what the
    PersistentVolumeClaims ask for. Some kinds of volumes, shared directories above
    all, hold more than their claim says.

    Readings:
        quotas: ResourceQuotas with a bound on storage.
        claims: how many claims have a size.
        bounds: how many of both there are.
        used: the largest share of such a bound that claims have taken, in percent;
            absent without one.

    Raises:
        ProbeError: the cluster cannot be asked.
    """

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("quotas", "claims", "bounds"), ""),
        "used": "%",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"quotas"})

    async def measure(self, sources: Sources) -> Measurement:
        quotas, claims = await self.lists(sources, QUOTAS, CLAIMS)
        bounding = [each for each in quotas if any(_bounds(each))]
        sized = {name_of(each): size for each in claims if (size := _size(each))}
        shares = [
            100 * used / hard if hard else 100.0
            for each in bounding
            for _, hard, used in _bounds(each)
        ]
        lines = [
            f"ResourceQuota {name_of(each)}: {used / 2**30:.0f} of {hard / 2**30:.0f} "
            f"GiB {name}"
            for each in bounding
            for name, hard, used in _bounds(each)
        ]
        lines += [f"claim {name}: {size}" for name, size in sized.items()]
        return measured(
            "\n".join(lines) or "neither a ResourceQuota on storage nor a claim",
            listed("quotas", map(name_of, bounding)),
            Reading("claims", len(sized)),
            Reading("bounds", len(bounding) + len(sized)),
            Reading("used", max(shares, default=None), "%"),
        )


def _bounds(quota: Object) -> Iterator[tuple[str, float, float]]:
    """Yield each bound on storage with how much there may be and is, in bytes."""
    status = quota.get("status") or {}
    hard = status.get("hard") or quota["spec"].get("hard") or {}
    for name, said in hard.items():
        if name == _STORAGE or name.endswith(_OF_CLASS):
            yield name, amount(said), amount((status.get("used") or {}).get(name, 0))


def _size(claim: Object) -> str:
    asked = (claim["spec"].get("resources") or {}).get("requests") or {}
    return str(asked.get("storage") or "")
