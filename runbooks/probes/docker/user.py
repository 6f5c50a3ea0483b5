"""Probe of the users that containers run as."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.docker.containers import Container
from runbooks.probes.docker.images import image
from runbooks.probes.docker.project import ProjectProbe, services_where
from runbooks.probes.sources import Sources

ORDINARY = 1000
"""Lowest uid of people's accounts; those below belong to a system's services."""


class UserProbe(ProjectProbe, frozen=True, kw_only=True):
    """Measures which user the first process of each container begins as.

    Source: ``Config.User`` of each container and of its image. What a process does
    with its rights later, such as giving them up, cannot be seen there.

    Readings:
        root: services that begin as root, because they say so or say nothing.
        system: services whose uid lies between 1 and 999, or that give a name
            whose uid only their image knows.
        by_image_only: services whose user comes from the image, not the service.

    Raises:
        ProbeError: the Engine cannot be asked, or a service has no container.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("root", "system", "by_image_only"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset(readings)

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.containers(sources)
        by_image = {
            each.id
            for each in found
            if (user := each.config.get("User"))
            and user
            == (await image(sources, self.engine, each))["Config"].get("User", "")
        }
        lines = [
            f"{each.service} ({each.name}): {each.config.get('User') or 'root'}"
            + (", from the image" if each.id in by_image else "")
            for each in found
        ]
        return measured(
            "\n".join(lines),
            services_where("root", found, lambda c: _uid(c) == 0),
            services_where("system", found, lambda c: _system(_uid(c))),
            services_where("by_image_only", found, lambda c: c.id in by_image),
        )


def _uid(container: Container) -> int | None:
    """Return the uid, None for a name that only the image knows."""
    user = (container.config.get("User") or "0").partition(":")[0]
    if user == "root":
        return 0
    return int(user) if user.isdecimal() else None


def _system(uid: int | None) -> bool:
    return uid is None or 0 < uid < ORDINARY
