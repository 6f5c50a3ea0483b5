"""Probe of how the services of a compose project are running."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.durations import seconds
from runbooks.probes.base import Duration, Measurement
from runbooks.probes.docker.containers import Container
from runbooks.probes.docker.project import ProjectProbe, services_where
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class ServicesProbe(ProjectProbe, frozen=True, kw_only=True):
    """Measures which containers of the services run, and how steadily.

    Source: ``State`` and ``RestartCount`` of each container.

    Readings:
        running: containers that run.
        ready: those of them that are healthy, or that nothing checks.
        missing: services named that have no container.
        stopped: services with a container that does not run, except those that
            ended well (one-shot services such as migrations do).
        unhealthy: services with a container that its check finds unhealthy.
        looping: services that the Engine keeps restarting: one waits for it, or
            was restarted and has not run for as long as `settled` since.
        restarts: by the Engine, since the containers were made or last started by
            hand.
        oom_killed: services that ran out of memory when they last ended.

    Attributes:
        settled: how long a container has to run to be no longer looping.

    Raises:
        ProbeError: the Engine cannot be asked, or the project has no container.
    """

    settled: Duration = Duration(seconds("5m"))

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "running",
            "ready",
            "missing",
            "stopped",
            "unhealthy",
            "looping",
            "restarts",
            "oom_killed",
        ),
        "",
    )
    naming: ClassVar[frozenset[str]] = frozenset(
        {"missing", "stopped", "unhealthy", "looping", "oom_killed"}
    )

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.those_there(sources)
        missing = self.missing(found)
        running = [each for each in found if each.running]
        ready = [each for each in found if each.ready]
        readings = [
            Reading("running", len(running)),
            Reading("ready", len(ready)),
            Reading("missing", ", ".join(missing) or None),
            services_where("stopped", found, _stopped),
            services_where("unhealthy", found, lambda c: c.health == "unhealthy"),
            services_where("looping", found, lambda c: c.looping(self.settled)),
            Reading("restarts", sum(c.inspected["RestartCount"] for c in found)),
            services_where("oom_killed", found, lambda c: c.state["OOMKilled"]),
        ]
        lines = [_line(each) for each in found]
        lines += [f"{service}: no container" for service in missing]
        return Measurement({each.name: each for each in readings}, "\n".join(lines))


def _stopped(container: Container) -> bool:
    return not container.running and container.state["ExitCode"] != 0


def _line(container: Container) -> str:
    state = container.state
    parts = [state["Status"]]
    if container.health:
        parts.append(container.health)
    if not container.running:
        parts.append(f"exit code {state['ExitCode']}")
    if state["OOMKilled"]:
        parts.append("out of memory")
    parts.append(f"{container.inspected['RestartCount']} restarts")
    parts.append(f"started {state['StartedAt'][:19]}Z")
    return f"{container.service} ({container.name}): {', '.join(parts)}"
