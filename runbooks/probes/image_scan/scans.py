"""Probe of reports of image scans, whatever runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from runbooks.probes.base import Measurement, Probe, measured
from runbooks.probes.image_scan.formats import SEVERITIES, Scan, scan
from runbooks.probes.report_files import age, complaint, matching, missing
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread
from runbooks.quantities import shown
from runbooks.results import Reading

WHAT = "report of a scan"
READ = 200
"""Files that are read, the newest; older ones are about what was there before."""
COUNTS: Mapping[str, str] = {
    **dict.fromkeys(("images", *SEVERITIES), ""),
    **{f"{severity}.fixable": "" for severity in SEVERITIES},
    "age": "s",
}
"""Units of the readings that reports give."""


class ScansProbe(Probe, frozen=True, kw_only=True):
    """Counts what the newest report of each image says.

    Source: files with Trivy's JSON, Grype's JSON, or SARIF of either.

    Readings:
        images: how many images have a report.
        critical, high, medium, low, unknown: weaknesses of that severity, of all
            images; one of the same package counts once.
        critical.fixable, high.fixable, …: those that a newer package lacks.
        age: of the oldest of those reports, in seconds.

    Attributes:
        path: pattern of the files; absolute, may hold ``*``, ``?`` and ``[…]``.

    Raises:
        ProbeError: there is no report, or a file is none.
    """

    path: str

    table: ClassVar[str] = "image_scan"
    readings: ClassVar[Mapping[str, str]] = COUNTS

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        return complaint("path", str(parameters.get("path", "${")))

    @property
    def source(self) -> str:
        return f"file {self.path}"

    async def measure(self, sources: Sources) -> Measurement:
        found = newest_of_each(await scans(sources, self.path))
        return measured("\n".join(map(told, found)), *counted(found))


async def scans(sources: Sources, path: str) -> list[Scan]:
    """Return the newest scan of each image and digest, read once a pass.

    Raises:
        ProbeError: there is none, or a file is no report.
    """

    def read() -> list[Scan]:
        found: dict[tuple[str, frozenset[str]], Scan] = {}
        for file in matching(path)[:READ]:
            each = scan(file)
            found.setdefault((each.image, each.digests), each)
        if not found:
            raise missing(path, WHAT)
        return sorted(found.values(), key=lambda each: each.made, reverse=True)

    async def ask() -> list[Scan]:
        sources.asked(f"file {path}")
        return await in_thread(read, f"file {path}")

    return await sources.once(("image scans", path), ask)


def newest_of_each(found: Iterable[Scan]) -> list[Scan]:
    """Return the newest scan of each name; *found* holds the newest first."""
    by_name: dict[str, Scan] = {}
    for each in found:
        by_name.setdefault(each.image or str(each.file.path), each)
    return list(by_name.values())


def counted(found: Iterable[Scan]) -> list[Reading]:
    """Return the readings of scans, each of another image."""
    scans = list(found)
    readings = [Reading("images", len(scans))]
    for severity in SEVERITIES:
        every = sum(each.count(severity) for each in scans)
        fixable = sum(each.count(severity, fixable=True) for each in scans)
        readings += [Reading(severity, every), Reading(f"{severity}.fixable", fixable)]
    oldest = min((each.made for each in scans), default=None)
    known = None if oldest is None else age(oldest)
    return [*readings, Reading("age", known, "s")]


def told(each: Scan) -> str:
    """Return a line of evidence."""
    counts = ", ".join(
        f"{number} {severity} ({each.count(severity, fixable=True)} fixable)"
        for severity in SEVERITIES
        if (number := each.count(severity))
    )
    old = shown(Reading("age", age(each.made), "s"))
    digest = next(iter(sorted(each.digests)), "no digest")[:19]
    return (
        f"{each.image or 'an image without a name'} ({digest}): "
        f"{counts or 'no known weakness'}; {each.scanner}, {old} old, "
        f"{each.file.path.name}"
    )
