"""Probes that hold reports of image scans against the images that run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.docker.images import running_images
from runbooks.probes.docker.project import ProjectProbe
from runbooks.probes.image_scan.formats import Scan
from runbooks.probes.image_scan.scans import COUNTS, counted, scans, told
from runbooks.probes.kubernetes.application import ApplicationProbe
from runbooks.probes.report_files import complaint
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_READINGS: Mapping[str, str] = {**COUNTS, "unscanned": "", "unverified": ""}
_NAMING = frozenset({"unscanned", "unverified"})


@dataclass(frozen=True, slots=True)
class Running:
    """An image that runs: who runs it, what it is called, and what it is."""

    who: str
    reference: str
    digests: frozenset[str]


class ComposeScansProbe(ProjectProbe, frozen=True, kw_only=True):
    """Counts what reports say of the images that services of a project run.

    Readings:
        images, critical, high, …, critical.fixable, …, age: as of ``image_scan``,
            of those reports alone that are about a running image.
        unscanned: services whose image no report is about.
        unverified: services whose image only the name shows to be the scanned one.

    Attributes:
        path: pattern of the files with reports.

    Raises:
        ProbeError: there is no report at all, or the Engine cannot be asked.
    """

    path: str

    readings: ClassVar[Mapping[str, str]] = _READINGS
    naming: ClassVar[frozenset[str]] = _NAMING

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        return complaint("path", str(parameters.get("path", "${")))

    async def measure(self, sources: Sources) -> Measurement:
        found = await scans(sources, self.path)
        there = await running_images(sources, self.host, self.project)
        running = [
            Running(each.service, each.reference, frozenset({each.id, *each.digests}))
            for each in there
            if not self.services or each.service in self.services
        ]
        return compared(found, running)


class PodScansProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Counts what reports say of the images that pods of the application run.

    Source: ``status.containerStatuses[].imageID`` of the pods.

    Readings:
        images, critical, high, …, critical.fixable, …, age: as of ``image_scan``,
            of those reports alone that are about a running image.
        unscanned: components whose image no report is about.
        unverified: components whose image only the name shows to be the scanned one.

    Attributes:
        path: pattern of the files with reports.

    Raises:
        ProbeError: there is no report at all, or the cluster cannot be asked.
    """

    path: str

    readings: ClassVar[Mapping[str, str]] = _READINGS
    naming: ClassVar[frozenset[str]] = _NAMING

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        return complaint("path", str(parameters.get("path", "${")))

    async def measure(self, sources: Sources) -> Measurement:
        found = await scans(sources, self.path)
        running = [
            Running(
                workload.component,
                str(status.get("image", "")),
                frozenset(_DIGEST.findall(str(status.get("imageID", "")))),
            )
            for workload in await self.workloads(sources)
            for pod in workload.pods
            for status in (pod.get("status") or {}).get("containerStatuses") or ()
        ]
        return compared(found, list(dict.fromkeys(running)))


def compared(found: Iterable[Scan], running: Iterable[Running]) -> Measurement:
    """Return what *found*, the newest first, says of the images that run."""
    scans = list(found)
    about: dict[Scan, None] = {}
    unscanned: list[str] = []
    unverified: list[str] = []
    lines: list[str] = []
    for image in running:
        by_digest = [each for each in scans if each.digests & image.digests]
        by_name = [
            each
            for each in scans
            if not each.digests and _plain(each.image) == _plain(image.reference)
        ]
        if by_digest or by_name:
            about[(by_digest or by_name)[0]] = None
        if not by_digest:
            (unverified if by_name else unscanned).append(image.who)
            digest = next(iter(sorted(image.digests)), "without a digest")[:19]
            why = "only its name fits" if by_name else "no report is about it"
            lines.append(f"{image.who} runs {image.reference} ({digest}): {why}")
    return measured(
        "\n".join([*map(told, about), *lines]),
        *counted(about),
        Reading("unscanned", ", ".join(dict.fromkeys(unscanned)) or None),
        Reading("unverified", ", ".join(dict.fromkeys(unverified)) or None),
    )


def _plain(reference: str) -> str:
    """Return a reference without what Docker adds where nothing is said."""
    name = reference.partition("@")[0].removeprefix("docker.io/")
    name = name.removeprefix("library/")
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
