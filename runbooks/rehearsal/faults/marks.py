"""What is injected now, as the deployment's directory tells it."""

from __future__ import annotations

from pathlib import Path

from runbooks.rehearsal.deployment import Deployment
from runbooks.rehearsal.layout import Layout


def marked(layout: Layout, place: str, name: str) -> Path:
    """Return the directory that is there while a fault is injected."""
    return layout.path("faults", place, name)


def injected(deployment: Deployment) -> tuple[str, ...]:
    """Return the names of the faults that are injected now."""
    marks = deployment.layout.path("faults").glob("*/*")
    return tuple(sorted(mark.name for mark in marks))
