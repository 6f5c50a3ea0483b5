"""Probe of the health checks that containers have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.docker.containers import Container
from runbooks.probes.docker.project import ProjectProbe, services_where
from runbooks.probes.sources import Sources
from runbooks.results import Reading

USUAL = 30.0
"""Seconds of interval and timeout where a check does not say."""
_URL = re.compile(
    r"""(?:https?://(?:[^\s"'@/]*@)?[\w.-]+(?::\d+)?|\b[\w.-]+:\d+)(?:/[\w./-]*)?"""
)
_USER = re.compile(r"//[^/@]*@")


class HealthProbe(ProjectProbe, frozen=True, kw_only=True):
    """Measures how the Engine checks the health of services, and what it finds.

    Source: ``Config.Healthcheck``, of the image or the service, and
    ``State.Health`` of each container.

    Readings:
        without: services that nothing checks.
        unhealthy: services with a container that its check finds unhealthy.
        starting: services with a container of which nobody knows yet.
        test: program and URLs of the checks; absent without any. The rest of a
            command is left out: it may hold a password.
        interval: the longest time between two checks, in seconds.
        patience: the shortest time after which a check counts as failed, in seconds.

    Raises:
        ProbeError: the Engine cannot be asked, or a service has no container.
    """

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("without", "unhealthy", "starting", "test"), ""),
        **dict.fromkeys(("interval", "patience"), "s"),
    }
    naming: ClassVar[frozenset[str]] = frozenset(
        {"without", "unhealthy", "starting", "test"}
    )

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.containers(sources)
        tests = dict.fromkeys(filter(None, map(_test, found)))
        checks = [_check(each) for each in found if _test(each)]
        return measured(
            "\n".join(map(_line, found)),
            services_where("without", found, lambda c: not _test(c)),
            services_where("unhealthy", found, lambda c: c.health == "unhealthy"),
            services_where("starting", found, lambda c: c.health == "starting"),
            Reading("test", "; ".join(tests) or None),
            Reading(
                "interval",
                max((_seconds(each, "Interval") for each in checks), default=None),
                "s",
            ),
            Reading(
                "patience",
                min((_seconds(each, "Timeout") for each in checks), default=None),
                "s",
            ),
        )


def _check(container: Container) -> Mapping[str, Any]:
    return container.config.get("Healthcheck") or {}


def _test(container: Container) -> str:
    """Return what the check calls, "" without one or where it is disabled."""
    kind, *words = _check(container).get("Test") or ["NONE"]
    if kind == "NONE" or not words:
        return ""
    command = " ".join(words)
    program = command.split()[0].rpartition("/")[2]
    urls = (_USER.sub("//", url) for url in _URL.findall(command))
    return " ".join([program, *urls])


def _seconds(check: Mapping[str, Any], name: str) -> float:
    return (check.get(name) or 0) / 1e9 or USUAL


def _line(container: Container) -> str:
    test = _test(container)
    said = f"{container.health or 'not running'}, {test}" if test else "no check"
    return f"{container.service} ({container.name}): {said}"
