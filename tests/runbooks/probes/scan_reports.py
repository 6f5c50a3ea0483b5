"""Reports as scanners of images write them, small and in their documented shapes.

Trivy: "Reporting", schema version 2; Grype: "Output formats", the JSON of its
templates; SARIF: as ``trivy image --format sarif`` writes it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

DIGEST = f"sha256:{'a1' * 32}"
IMAGE_ID = f"sha256:{'c3' * 32}"
IMAGE = "registry.test/transcript-create:1.4.2"


def days_ago(days: float) -> str:
    """Return a time as Go writes it, with nanoseconds."""
    when = datetime.now(UTC) - timedelta(days=days)
    return when.strftime("%Y-%m-%dT%H:%M:%S.123456789Z")


def trivy(*weak: tuple[str, str, str], days: float = 1, **more: Any) -> dict[str, Any]:
    """Return a report on severity, package and the version that mends it, or ""."""
    weaknesses = [
        {
            "VulnerabilityID": f"CVE-2026-{number}",
            "PkgName": package,
            "InstalledVersion": "1.0-1",
            "Severity": severity,
            **({"FixedVersion": fixed, "Status": "fixed"} if fixed else {}),
        }
        for number, (severity, package, fixed) in enumerate(weak)
    ]
    return {
        "SchemaVersion": 2,
        "CreatedAt": days_ago(days),
        "ArtifactName": IMAGE,
        "ArtifactType": "container_image",
        "Metadata": {
            "OS": {"Family": "debian", "Name": "12.8"},
            "ImageID": IMAGE_ID,
            "RepoTags": [IMAGE],
            "RepoDigests": [f"registry.test/transcript-create@{DIGEST}"],
        },
        "Results": [
            {"Target": f"{IMAGE} (debian 12.8)", "Class": "os-pkgs", "Type": "debian"},
            {
                "Target": "Python",
                "Class": "lang-pkgs",
                "Type": "python-pkg",
                "Vulnerabilities": weaknesses,
            },
        ],
        **more,
    }


def grype(*weak: tuple[str, str, str], days: float = 1) -> dict[str, Any]:
    """Return a report on severity, package and state of the fix."""
    return {
        "matches": [
            {
                "vulnerability": {
                    "id": f"CVE-2026-{number}",
                    "severity": severity,
                    "fix": {"versions": ["2.0"], "state": state},
                },
                "relatedVulnerabilities": [],
                "artifact": {"name": package, "version": "1.0", "type": "deb"},
            }
            for number, (severity, package, state) in enumerate(weak)
        ],
        "source": {
            "type": "image",
            "target": {
                "userInput": IMAGE,
                "imageID": IMAGE_ID,
                "manifestDigest": DIGEST,
                "repoDigests": [],
            },
        },
        "distro": {"name": "debian", "version": "12"},
        "descriptor": {
            "name": "grype",
            "version": "0.104.1",
            "timestamp": days_ago(days),
        },
    }


def sarif(*weak: tuple[str, str, str]) -> dict[str, Any]:
    """Return a report on score, package and the version that mends it, or ""."""
    names = [f"CVE-2026-{number}" for number in range(len(weak))]
    return {
        "version": "2.1.0",
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Trivy",
                        "version": "0.58.1",
                        "rules": [
                            {"id": name, "properties": {"security-severity": score}}
                            for name, (score, _, _) in zip(names, weak, strict=True)
                        ],
                    }
                },
                "results": [
                    {
                        "ruleId": name,
                        "level": "error",
                        "message": {
                            "text": f"Package: {package}\nInstalled Version: 1.0\n"
                            f"Vulnerability {name}\nFixed Version: {fixed}\nLink: [x]"
                        },
                        "locations": [],
                    }
                    for name, (_, package, fixed) in zip(names, weak, strict=True)
                ],
                "properties": {
                    "imageName": IMAGE,
                    "imageID": IMAGE_ID,
                    "repoDigests": [f"registry.test/transcript-create@{DIGEST}"],
                },
            }
        ],
    }
