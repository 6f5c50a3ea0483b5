"""The runbooks that come with gonogo, by name."""

from __future__ import annotations

from pathlib import Path

DOCUMENTS = Path(__file__).parent / "documents"
INCIDENTS = DOCUMENTS / "incidents"
"""What to do when something is wrong, one runbook a kind."""
PRODUCTION = DOCUMENTS / "production-deployment.md"


def named(path: Path) -> Path:
    """Return the shipped runbook that is meant by *path*, else *path* itself.

    A bare name such as ``bad-release-rollback`` means one, unless there is a file of
    that name.
    """
    if path.parent != Path() or path.suffix not in ("", ".md") or path.exists():
        return path
    for directory in (DOCUMENTS, INCIDENTS):
        shipped = directory / f"{path.stem}.md"
        if shipped.is_file():
            return shipped
    return path
