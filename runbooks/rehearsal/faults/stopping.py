"""Faults of parts that have stopped."""

from __future__ import annotations

from pathlib import Path

from runbooks.rehearsal.deployment import Deployment
from runbooks.rehearsal.faults.database import PLACE, ask
from runbooks.rehearsal.faults.fault import Fault
from runbooks.rehearsal.faults.settling import refresh, until

_DIED = "update worker_heartbeat set last_seen = now() - interval '10 minutes'"


def stop_redis(deployment: Deployment, kept: Path) -> None:
    deployment.stop_part("redis")


def start_redis(deployment: Deployment, kept: Path) -> None:
    deployment.start_part("redis")
    refresh(deployment)


def stop_worker(deployment: Deployment, kept: Path) -> None:
    """Stop the worker, and say of its heartbeat that it was ten minutes ago."""
    deployment.stop_part("worker")
    ask(deployment, _DIED)


def start_worker(deployment: Deployment, kept: Path) -> None:
    """Start another one; that there was one before is forgotten."""
    ask(deployment, "delete from worker_heartbeat")
    deployment.start_part("worker")
    until(
        lambda: ask(deployment, "select count(*) from worker_heartbeat") == "1",
        "The worker writes no heartbeat.",
    )


def stop_exporter(deployment: Deployment, kept: Path) -> None:
    deployment.stop_part("exporter")


def start_exporter(deployment: Deployment, kept: Path) -> None:
    deployment.start_part("exporter")


FAULTS = (
    Fault("redis-stopped", "Redis is stopped.", "redis", stop_redis, start_redis),
    Fault(
        "worker-heartbeat-stale",
        "The worker died, and its last heartbeat was ten minutes ago.",
        PLACE,
        stop_worker,
        start_worker,
    ),
    Fault(
        "prometheus-target-down",
        "The exporter of PostgreSQL, machine and backups is stopped.",
        "exporter",
        stop_exporter,
        start_exporter,
        needs=("prometheus",),
    ),
)
