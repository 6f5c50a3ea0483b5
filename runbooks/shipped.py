"""The runbooks that come with gonogo, by name."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runbooks.model import Runbook

DOCUMENTS = Path(__file__).parent / "documents"
INCIDENTS = DOCUMENTS / "incidents"
"""What to do when something is wrong, one runbook a kind."""
PRODUCTION = DOCUMENTS / "production-deployment.md"
DIGESTS = DOCUMENTS / "SHA256SUMS"
"""The documents as they were when the package was made; ``make digests`` writes it."""


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


def is_shipped(runbook: Runbook) -> bool:
    """Whether *runbook* came with gonogo, byte for byte, and nothing lies beside it."""
    path = runbook.path.resolve()
    if runbook.sidecar is not None or not path.is_relative_to(DOCUMENTS.resolve()):
        return False
    name = path.relative_to(DOCUMENTS.resolve()).as_posix()
    return digests().get(name) == sha256(runbook.data).hexdigest()


@cache
def digests() -> dict[str, str]:
    """Return by path under `DOCUMENTS` the sha256 hex that it has in the package."""
    lines = DIGESTS.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
