"""Probe of containers that ended and were started again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from runbooks.durations import seconds
from runbooks.probes.base import Duration, Measurement, measured
from runbooks.probes.kubernetes.application import ApplicationProbe, listed
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.quantities import moment
from runbooks.probes.kubernetes.replicas import crash_loops
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class RestartsProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures which containers of components ended, and why.

    Source: ``status.containerStatuses`` and those of init containers of Pods. A pod
    that was replaced has taken its history along.

    Readings:
        restarts: how often the containers of the present pods were started again.
        restarted: containers that ended within `window`.
        out_of_memory: those among them that the kernel killed for memory.
        crash_looping: pods with a container that keeps ending.

    Attributes:
        window: how far back.

    Raises:
        ProbeError: the cluster cannot be asked, or a component has no Deployment.
    """

    window: Duration = Duration(seconds("24h"))

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("restarts", "restarted", "out_of_memory", "crash_looping"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset(
        {"restarted", "out_of_memory", "crash_looping"}
    )

    async def measure(self, sources: Sources) -> Measurement:
        pods = [pod for each in await self.workloads(sources) for pod in each.pods]
        since = datetime.now(UTC) - timedelta(seconds=self.window)
        ended = [
            (container, said)
            for pod in pods
            for container, said in _ended(pod)
            if moment(said["finishedAt"]) >= since
        ]
        count = sum(
            each.get("restartCount") or 0 for pod in pods for each in _statuses(pod)
        )
        lines = [
            f"{container}: {said.get('reason', 'ended')} with exit code "
            f"{said.get('exitCode')} at {said['finishedAt']}"
            for container, said in ended
        ]
        return measured(
            "\n".join([f"{len(pods)} pods, {count} restarts in all", *lines]),
            Reading("restarts", count),
            listed("restarted", (container for container, _ in ended)),
            listed(
                "out_of_memory",
                (name for name, said in ended if said.get("reason") == "OOMKilled"),
            ),
            listed("crash_looping", (name_of(p) for p in pods if crash_loops(p))),
        )


def _statuses(pod: Object) -> list[dict[str, Any]]:
    status = pod.get("status") or {}
    kinds = ("initContainerStatuses", "containerStatuses")
    return [each for kind in kinds for each in status.get(kind) or []]


def _ended(pod: Object) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the containers that ended, with how; init containers end in peace."""
    for each in _statuses(pod):
        for state in ("state", "lastState"):
            said = (each.get(state) or {}).get("terminated")
            if not said or not said.get("finishedAt"):
                continue
            if state == "lastState" or said.get("exitCode"):
                yield f"{name_of(pod)}/{each['name']}", said
