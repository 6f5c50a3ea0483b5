"""Finds what is wrong with a runbook beyond what reading it tells."""

from __future__ import annotations

from runbooks.model import Problem, Runbook


def lint(runbook: Runbook) -> tuple[Problem, ...]:
    """Return the problems of the document and of what its steps refer to."""
    return runbook.problems
