"""Faults of the application's settings, each one line of the env file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from runbooks.rehearsal import settings
from runbooks.rehearsal.deployment import Deployment
from runbooks.rehearsal.faults.fault import Fault
from runbooks.rehearsal.faults.marks import injected
from runbooks.rehearsal.faults.settling import refresh, restart, visit

_WORKERLESS = {"worker-heartbeat-stale", "container-crash-looping"}
"""Faults in which no worker runs: whoever heals them starts one, which reads it."""


def change(
    name: str, value: str, parts: Sequence[str], deployment: Deployment, kept: Path
) -> None:
    """Write another value, and restart the API and *parts*, which read it."""
    layout = deployment.layout
    (kept / name).write_text(settings.read(layout)[name])
    settings.change(layout, **{name: value})
    restart(deployment, "api", *_readers(deployment, parts))
    visit(deployment)


def change_back(
    name: str, parts: Sequence[str], deployment: Deployment, kept: Path
) -> None:
    if (kept / name).exists():
        settings.change(deployment.layout, **{name: (kept / name).read_text()})
    restart(deployment, *_readers(deployment, parts))
    refresh(deployment)


def _readers(deployment: Deployment, parts: Sequence[str]) -> Sequence[str]:
    """Return those of *parts* that may be started now."""
    without_worker = not _WORKERLESS.isdisjoint(injected(deployment))
    return [part for part in parts if part != "worker" or not without_worker]


def _fault(
    fault: str, says: str, name: str, value: str, parts: Sequence[str] = ()
) -> Fault:
    return Fault(
        fault,
        says,
        name,
        partial(change, name, value, parts),
        partial(change_back, name, parts),
    )


FAULTS = (
    _fault(
        "wrong-cors-origin",
        "FRONTEND_ORIGIN names a host that the frontend has never had.",
        "FRONTEND_ORIGIN",
        "https://app.rehearsal.example",
    ),
    _fault(
        "environment-not-production",
        "ENVIRONMENT says staging.",
        "ENVIRONMENT",
        "staging",
        ("web", "worker"),
    ),
    _fault("debug-logging", "LOG_LEVEL says DEBUG.", "LOG_LEVEL", "DEBUG", ("worker",)),
)
