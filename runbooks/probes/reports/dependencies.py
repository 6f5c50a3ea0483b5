"""Probe of audits of the packages that an application depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from runbooks.probes.base import Measurement, Probe, measured
from runbooks.probes.report_files import ReportFile, age, complaint, newest
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread
from runbooks.quantities import shown
from runbooks.results import Reading

WHAT = "audit of dependencies"
_TOLD = 10
"""Packages that evidence tells."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What one audit found: weaknesses by severity, and the packages they are in."""

    tool: str
    critical: int = 0
    high: int = 0
    lower: int = 0
    unrated: int = 0
    packages: tuple[str, ...] = ()


class _Pip(msgspec.Struct):
    dependencies: list[_PipPackage]


class _PipPackage(msgspec.Struct):
    name: str
    version: str = ""
    vulns: list[_PipWeakness] = []


class _PipWeakness(msgspec.Struct):
    id: str


class _Npm(msgspec.Struct):
    metadata: _NpmMetadata
    vulnerabilities: dict[str, Any] = {}


class _NpmMetadata(msgspec.Struct):
    vulnerabilities: _NpmCounts


class _NpmCounts(msgspec.Struct):
    critical: int
    high: int
    moderate: int = 0
    low: int = 0
    info: int = 0


class DependenciesProbe(Probe, frozen=True, kw_only=True):
    """Counts what the newest audits of dependencies found.

    Source: files with the JSON of ``pip-audit --format json`` and ``npm audit --json``.
    pip-audit does not rate what it finds.

    Readings:
        critical, high, lower: weaknesses of that severity, of npm.
        unrated: weaknesses without one, of pip-audit.
        audits: how many audits were read, one for each pattern.
        age: since the oldest of them was written, in seconds.

    Attributes:
        paths: a pattern for each audit; absolute, may hold ``*``, ``?`` and ``[…]``.

    Raises:
        ProbeError: one of the audits is not there, or a file is none.
    """

    paths: tuple[str, ...]

    table: ClassVar[str] = "dependencies"
    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("critical", "high", "lower", "unrated", "audits"), ""),
        "age": "s",
    }

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        paths = parameters.get("paths", ("${",))
        if isinstance(paths, str):
            return []
        wrong = [each for path in paths for each in complaint("paths", str(path))]
        return wrong if paths else ["paths: an empty list names no audit"]

    @property
    def source(self) -> str:
        return f"file {', '.join(self.paths)}"

    async def measure(self, sources: Sources) -> Measurement:
        sources.asked(self.source)
        found = await in_thread(self._audits, self.source)
        audits = [audit for _, audit in found]
        oldest = min(file.changed for file, _ in found)
        return measured(
            "\n".join(_told(file, audit) for file, audit in found),
            Reading("critical", sum(each.critical for each in audits)),
            Reading("high", sum(each.high for each in audits)),
            Reading("lower", sum(each.lower for each in audits)),
            Reading("unrated", sum(each.unrated for each in audits)),
            Reading("audits", len(audits)),
            Reading("age", age(oldest), "s"),
        )

    def _audits(self) -> list[tuple[ReportFile, Audit]]:
        files = [newest(path, WHAT) for path in self.paths]
        return [(file, audit(file)) for file in files]


def audit(file: ReportFile) -> Audit:
    """Return what an audit found.

    Raises:
        ProbeError: it cannot be read, or is none of those known.
    """
    content = file.read()
    begun = file.decoded(dict[str, msgspec.Raw], content, WHAT)
    if "dependencies" in begun and "metadata" not in begun:
        pip = file.decoded(_Pip, content, "report of pip-audit").dependencies
        weak = [each for each in pip if each.vulns]
        names = tuple(f"{each.name} {each.version}".strip() for each in weak)
        count = sum(len(each.vulns) for each in weak)
        return Audit("pip-audit", unrated=count, packages=names)
    if "metadata" in begun:
        npm = file.decoded(_Npm, content, "report of npm audit")
        said = npm.metadata.vulnerabilities
        lower = said.moderate + said.low + said.info
        names = tuple(npm.vulnerabilities)
        return Audit("npm audit", said.critical, said.high, lower, packages=names)
    raise file.wrong("is no report of pip-audit or npm audit")


def _told(file: ReportFile, found: Audit) -> str:
    counts = ", ".join(
        f"{number} {name}"
        for name in ("critical", "high", "lower", "unrated")
        if (number := getattr(found, name))
    )
    old = shown(Reading("age", age(file.changed), "s"))
    said = f"{found.tool}: {counts or 'nothing'}; {file.path.name}, {old} old"
    named = ", ".join(found.packages[:_TOLD])
    return f"{said}\n  in {named}" if named else said
