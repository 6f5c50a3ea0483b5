"""Probe of whether containers may write into their own file system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.docker.containers import Container
from runbooks.probes.docker.project import ProjectProbe, services_where
from runbooks.probes.sources import Sources


class FilesystemProbe(ProjectProbe, frozen=True, kw_only=True):
    """Measures which services may write into their root file system.

    Source: ``HostConfig.ReadonlyRootfs`` and ``Privileged`` of each container.

    Readings:
        writable: services that may.
        writable_privileged: those of them that are privileged as well.

    Raises:
        ProbeError: the Engine cannot be asked, or a service has no container.
    """

    readings: ClassVar[Mapping[str, str]] = {"writable": "", "writable_privileged": ""}
    naming: ClassVar[frozenset[str]] = frozenset(readings)

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.containers(sources)
        lines = [
            f"{each.service} ({each.name}): "
            + ("writable" if _writable(each) else "read-only")
            + (", privileged" if each.host_config["Privileged"] else "")
            for each in found
        ]
        return measured(
            "\n".join(lines),
            services_where("writable", found, _writable),
            services_where(
                "writable_privileged",
                found,
                lambda c: _writable(c) and c.host_config["Privileged"],
            ),
        )


def _writable(container: Container) -> bool:
    return not container.host_config["ReadonlyRootfs"]
