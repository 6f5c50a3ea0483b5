"""What scanners of images write: Trivy's JSON, Grype's JSON, and SARIF of either.

Sources: Trivy, "Reporting"; Grype, "Output formats"; OASIS, "Static Analysis Results
Interchange Format 2.1.0", with ``security-severity`` as GitHub's code scanning
defines it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from runbooks.probes.report_files import ReportFile

SEVERITIES = ("critical", "high", "medium", "low", "unknown")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_FIXED = re.compile(r"^Fixed Version:[ \t]*(\S*)", re.MULTILINE)
_SCORES = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"))


@dataclass(frozen=True, slots=True)
class Weakness:
    """One known weakness of one package; *fixable* where a newer one lacks it."""

    name: str
    package: str
    severity: str
    fixable: bool


@dataclass(frozen=True, slots=True)
class Scan:
    """What one report says of one image.

    Attributes:
        image: as whoever scanned it named it.
        digests: ``sha256:…`` of its configuration and of its manifests.
        made: when, in seconds since 1970.
    """

    file: ReportFile
    scanner: str
    image: str
    digests: frozenset[str]
    made: float
    weaknesses: frozenset[Weakness]

    def count(self, severity: str, fixable: bool = False) -> int:
        """Return how many weaknesses are of that severity, or fixable ones only."""
        return sum(
            each.severity == severity and (each.fixable or not fixable)
            for each in self.weaknesses
        )


class _Trivy(msgspec.Struct, rename="pascal"):
    schema_version: int
    artifact_name: str
    created_at: str = ""
    metadata: dict[str, Any] = {}
    results: list[_TrivyResult] | None = None


class _TrivyResult(msgspec.Struct, rename="pascal"):
    vulnerabilities: list[_TrivyWeakness] | None = None


class _TrivyWeakness(msgspec.Struct, rename="pascal"):
    name: str = msgspec.field(name="VulnerabilityID")
    pkg_name: str = ""
    severity: str = "UNKNOWN"
    fixed_version: str = ""


class _Grype(msgspec.Struct):
    matches: list[_GrypeMatch]
    source: _GrypeSource | None = None
    descriptor: dict[str, Any] = {}


class _GrypeSource(msgspec.Struct):
    target: dict[str, Any] | str = ""


class _GrypeMatch(msgspec.Struct):
    vulnerability: _GrypeWeakness
    artifact: dict[str, Any]


class _GrypeWeakness(msgspec.Struct):
    id: str
    severity: str = "Unknown"
    fix: dict[str, Any] = {}


class _Sarif(msgspec.Struct):
    version: str
    runs: list[_SarifRun]


class _SarifRun(msgspec.Struct):
    tool: _SarifTool
    results: list[_SarifResult] | None = None
    invocations: list[dict[str, Any]] = []
    properties: dict[str, Any] = {}


class _SarifTool(msgspec.Struct):
    driver: _SarifDriver


class _SarifDriver(msgspec.Struct):
    name: str
    rules: list[_SarifRule] = []


class _SarifRule(msgspec.Struct):
    id: str
    properties: dict[str, Any] = {}


class _SarifResult(msgspec.Struct):
    rule: str = msgspec.field(name="ruleId")
    message: dict[str, Any] = {}
    locations: list[Any] = []


def scan(file: ReportFile) -> Scan:
    """Return what a report says.

    Raises:
        ProbeError: it cannot be read, or is none of those known.
    """
    content = file.read()
    begun = file.decoded(dict[str, msgspec.Raw], content, "report of a scan")
    if "SchemaVersion" in begun:
        return _trivy(file, file.decoded(_Trivy, content, "report of Trivy"))
    if "matches" in begun:
        return _grype(file, file.decoded(_Grype, content, "report of Grype"))
    if "runs" in begun:
        return _sarif(file, file.decoded(_Sarif, content, "SARIF report"))
    raise file.wrong("is no report of Trivy or Grype, and no SARIF")


def _trivy(file: ReportFile, said: _Trivy) -> Scan:
    weaknesses = frozenset(
        Weakness(
            each.name, each.pkg_name, _severity(each.severity), bool(each.fixed_version)
        )
        for result in said.results or ()
        for each in result.vulnerabilities or ()
    )
    digests = _digests(said.metadata.get("ImageID"), said.metadata.get("RepoDigests"))
    made = file.made(said.created_at)
    return Scan(file, "Trivy", said.artifact_name, digests, made, weaknesses)


def _grype(file: ReportFile, said: _Grype) -> Scan:
    weaknesses = frozenset(
        Weakness(
            each.vulnerability.id,
            str(each.artifact.get("name", "")),
            _severity(each.vulnerability.severity),
            each.vulnerability.fix.get("state") == "fixed",
        )
        for each in said.matches
    )
    target = said.source.target if said.source else ""
    known = target if isinstance(target, dict) else {"userInput": target}
    digests = _digests(
        known.get("imageID"), known.get("manifestDigest"), known.get("repoDigests")
    )
    made = file.made(str(said.descriptor.get("timestamp", "")))
    image = str(known.get("userInput", ""))
    return Scan(file, "Grype", image, digests, made, weaknesses)


def _sarif(file: ReportFile, said: _Sarif) -> Scan:
    weaknesses: set[Weakness] = set()
    digests: frozenset[str] = frozenset()
    ended, names, scanners = [], [], []
    for run in said.runs:
        severities = {rule.id: _rated(rule) for rule in run.tool.driver.rules}
        for each in run.results or ():
            text = str(each.message.get("text", ""))
            fixed = _FIXED.search(text)
            # Where nothing is said of a newer version there may be one.
            fixable = bool(fixed[1]) if fixed else True
            severity = severities.get(each.rule, "unknown")
            where = f"{text[:200]}{each.locations!r}"
            weaknesses.add(Weakness(each.rule, where, severity, fixable))
        about = run.properties
        digests |= _digests(about.get("imageID"), about.get("repoDigests"))
        names.append(str(about.get("imageName", "")))
        scanners.append(run.tool.driver.name)
        ended += [str(each.get("endTimeUtc", "")) for each in run.invocations]
    made = min((file.made(each) for each in ended), default=file.changed)
    scanner = ", ".join(dict.fromkeys(scanners)) or "SARIF"
    image = next(filter(None, names), "")
    return Scan(file, scanner, image, digests, made, frozenset(weaknesses))


def _rated(rule: _SarifRule) -> str:
    try:
        score = float(rule.properties.get("security-severity", ""))
    except (TypeError, ValueError):
        return "unknown"
    return next((name for least, name in _SCORES if score >= least), "low")


def _severity(said: str) -> str:
    known = {"negligible": "low", "moderate": "medium"}.get(said.lower(), said.lower())
    return known if known in SEVERITIES else "unknown"


def _digests(*said: object) -> frozenset[str]:
    return frozenset(found for each in said for found in _within(each))


def _within(said: object) -> Iterator[str]:
    for each in said if isinstance(said, list) else [said]:
        if isinstance(each, str) and (match := _DIGEST.search(each)):
            yield match[0]
