"""Probe of the labels by which costs are shared out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ClusterProbe, listed
from runbooks.probes.kubernetes.objects import NAMESPACES, Object
from runbooks.probes.kubernetes.selectors import labels_of, name_of
from runbooks.probes.kubernetes.volumes import CLAIMS
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class TagsProbe(ClusterProbe, frozen=True, kw_only=True):
    """Measures which of the agreed labels the namespace and its claims carry.

    Source: ``metadata.labels`` of the Namespace and of PersistentVolumeClaims. Values
    are not told.

    Readings:
        tags: how many of the agreed ones any of them carries.
        missing: those of them that lack one; absent where all carry all.

    Attributes:
        required_tags: the agreed names, compared without case and without what stands
            before a slash.

    Raises:
        ProbeError: the cluster cannot be asked.
    """

    required_tags: tuple[str, ...] = ("owner", "environment", "cost-center")

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(("tags", "missing"), "")
    naming: ClassVar[frozenset[str]] = frozenset({"missing"})

    async def measure(self, sources: Sources) -> Measurement:
        space = await self.connection.in_namespace(sources)
        namespaces, claims = await self.lists(sources, NAMESPACES, CLAIMS)
        things = [each for each in namespaces if name_of(each) == space] + claims
        lacking = {name_of(each): self._lacking(each) for each in things}
        carried = [
            tag
            for tag in self.required_tags
            if any(tag not in those for those in lacking.values())
        ]
        lines = [
            f"{name} lacks {', '.join(those)}" if those else f"{name} carries all"
            for name, those in lacking.items()
        ]
        return measured(
            "\n".join(lines),
            Reading("tags", len(carried)),
            listed("missing", (name for name, those in lacking.items() if those)),
        )

    def _lacking(self, thing: Object) -> list[str]:
        keys = {key.rpartition("/")[2].lower() for key in labels_of(thing)}
        return [each for each in self.required_tags if each.lower() not in keys]
