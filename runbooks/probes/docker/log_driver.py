"""Probe of where the Engine puts what containers print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.docker.containers import Container
from runbooks.probes.docker.project import ProjectProbe, services_where
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class LogDriverProbe(ProjectProbe, frozen=True, kw_only=True):
    """Measures which logging driver the services have, and whether it forgets.

    Source: ``HostConfig.LogConfig`` of each container, into which the Engine has
    merged its own settings. The driver ``local`` keeps 100 MB unless told otherwise;
    ``json-file`` grows without end unless ``max-size`` is set.

    Readings:
        drivers: those in use, ``json-file, journald``.
        unlimited: services whose files grow without end.
        discarded: services of which nothing is kept (driver ``none``).

    Raises:
        ProbeError: the Engine cannot be asked, or a service has no container.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("drivers", "unlimited", "discarded"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset(readings)

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.containers(sources)
        drivers = sorted({_driver(each) for each in found})
        return measured(
            "\n".join(map(_line, found)),
            Reading("drivers", ", ".join(drivers)),
            services_where("unlimited", found, _unlimited),
            services_where("discarded", found, lambda c: _driver(c) == "none"),
        )


def _driver(container: Container) -> str:
    return str(container.host_config["LogConfig"]["Type"])


def _options(container: Container) -> Mapping[str, str]:
    return container.host_config["LogConfig"].get("Config") or {}


def _unlimited(container: Container) -> bool:
    """Whether its file grows for ever; -1 is how Docker writes "no limit"."""
    size = _options(container).get("max-size", "-1")
    return _driver(container) == "json-file" and size == "-1"


def _line(container: Container) -> str:
    # Other options may hold a token of the service that logs are sent to.
    limits = [
        f"{name} {value}"
        for name, value in sorted(_options(container).items())
        if name in ("max-size", "max-file")
    ]
    said = ", ".join([_driver(container), *limits])
    return f"{container.service} ({container.name}): {said}"
