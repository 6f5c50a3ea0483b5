"""Which runbook a command without a screen is about, and whether it may look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runbooks.model import Runbook
    from state.trust import TrustStore


def document_of(directory: Path | None) -> Path:
    """Return the runbook that is meant where none was named."""
    if directory is None:
        from runbooks.shipped import PRODUCTION

        return PRODUCTION
    from tui.cli.standing import runbook_of

    return runbook_of(directory)


def admit(document: Runbook, store: TrustStore) -> None:
    """Refuse a document that lint calls broken, or that this user has not trusted.

    Raises:
        GonogoError: the sentence that says what to do.
    """
    from runbooks.errors import GonogoError
    from runbooks.linting import lint

    errors = [problem for problem in lint(document) if not problem.warning]
    if errors:
        raise GonogoError(f"{errors[0]}. 'gonogo lint {document.path}' lists all.")
    refuse_untrusted(document, store)


def refuse_untrusted(document: Runbook, store: TrustStore) -> None:
    """Refuse a document that this user has not trusted as it is.

    Raises:
        RefusedError: the sentence that says what to do.
    """
    from runbooks.errors import RefusedError
    from state.trust import changeable

    if store.covers(document):
        return
    if store.is_trusted(document.digest, document.path):
        raise RefusedError(changeable(document))
    if store.known(document.path):
        raise RefusedError(
            f"{document.path} has changed since it was trusted, so nothing ran. See "
            f"what changed and trust it with: gonogo trust {document.path}"
        )
    raise RefusedError(
        f"{document.path} is not trusted yet, so nothing ran. Read what it would "
        f"run and trust it with: gonogo trust {document.path}"
    )
