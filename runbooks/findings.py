"""Findings that say nothing, and one finding out of several."""

from __future__ import annotations

from collections.abc import Sequence

from runbooks.results import Finding, Result, worst

AS_EXPECTED = "as expected"
"""The reason of a pass whose values would say nothing in a list."""


def together(findings: Sequence[Finding]) -> Finding:
    """Make one finding of those of a step's probes."""
    if not findings:
        return unknown("nothing was expected", "")
    if len(findings) == 1:
        return findings[0]
    result = worst(finding.result for finding in findings)
    decisive = [finding for finding in findings if finding.result is result]
    if result is Result.PASS:
        told = [each.reason for each in decisive if each.reason != AS_EXPECTED]
        values = ", ".join(list(dict.fromkeys(told))[:2])
        said = values or f"all {len(findings)} pass"
    else:
        said = ", ".join(list(dict.fromkeys(map(_named, decisive)))[:2])
    return Finding(
        result,
        said,
        tuple(judged for finding in findings for judged in finding.judged),
        "\n\n".join(finding.evidence for finding in findings if finding.evidence),
        max(finding.seconds for finding in findings),
        decisive[0].source,
        decisive[0].stage,
    )


def _named(finding: Finding) -> str:
    """The reason, before what it is about when that was seen: lists cut the end."""
    thing = finding.judged[0].source if finding.judged else ""
    return f"{finding.reason} ({thing})" if thing else finding.reason


def unknown(reason: str, source: str, evidence: str = "", stage: str = "") -> Finding:
    """Return the finding that nobody could look."""
    return Finding(
        Result.UNKNOWN, reason, evidence=evidence, source=source, stage=stage
    )
