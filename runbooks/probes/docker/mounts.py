"""Probe of the volumes that containers keep their data in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, ClassVar

from runbooks.probes.base import Measurement
from runbooks.probes.docker.containers import Container
from runbooks.probes.docker.project import ProjectProbe, services_where
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread
from runbooks.results import Reading

Mount = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Disk:
    """Where something lies: the device's number, and the bytes free for anybody."""

    device: int
    free: int


class MountsProbe(ProjectProbe, frozen=True, kw_only=True):
    """Measures what lies under a path of the services' containers.

    Source: ``Mounts`` of each container. Of its disks the Engine says nothing: they
    are looked at where they are this machine's, and this user may.

    Readings:
        missing: services in which the path lies in the container itself, so that
            it is lost with it, or in memory.
        read_only: services that may not write there.
        types: ``bind``, ``volume``, several joined; absent without any.
        sources: different directories or volumes among the containers.
        on_root_disk: services where a directory of the host is mounted that lies
            on the disk of its ``/``.
        free: on the fullest of the disks, in bytes; absent without a mount.

    Attributes:
        path: in the container.
        variable: of the container's environment, which names the path instead
            where it is set.

    Raises:
        ProbeError: the Engine cannot be asked, or a service has no container.
    """

    path: str
    variable: str = ""

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("missing", "read_only", "types", "sources"), ""),
        "on_root_disk": "",
        "free": "B",
    }
    naming: ClassVar[frozenset[str]] = frozenset(
        {"missing", "read_only", "types", "on_root_disk"}
    )

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        path = str(parameters.get("path", "/"))
        if path.startswith("/"):
            return []
        return [f"path: {path!r} is no path in a container; begin it with /"]

    @property
    def thing(self) -> str:
        return f"{super().thing} {self.variable or self.path}"

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.containers(sources)
        mounts = {each.id: self._mount(each) for each in found}
        there = [each for each in mounts.values() if each]
        readings = [
            services_where("missing", found, lambda c: not mounts[c.id]),
            services_where("read_only", found, lambda c: not mounts[c.id].get("RW", 1)),
            Reading("types", ", ".join(sorted({m["Type"] for m in there})) or None),
            Reading("sources", len({_origin(mount) for mount in there})),
        ]
        lines = [self._line(each, mounts[each.id]) for each in found]
        origins = {mount["Source"] for mount in there}
        disks = (
            await in_thread(lambda: _disks(origins), "mounts")
            if self.engine.here
            else {}
        )
        if origins <= disks.keys():
            readings += _of_disks(found, mounts, disks)
        else:
            lines.append("on which disk that is cannot be seen from here")
        return Measurement({each.name: each for each in readings}, "\n".join(lines))

    def _where(self, container: Container) -> str:
        """Return the path that matters in this container."""
        for pair in container.config.get("Env") or ():
            name, _, value = pair.partition("=")
            if name == self.variable and value.startswith("/"):
                return str(value)
        return self.path

    def _mount(self, container: Container) -> Mount:
        """Return the lasting mount that holds the path, {} without one."""
        path = PurePosixPath(self._where(container))
        holding = [
            mount
            for mount in container.inspected["Mounts"]
            if path.is_relative_to(mount["Destination"])
        ]
        if not holding:
            return {}
        nearest: Mount = max(holding, key=lambda mount: len(mount["Destination"]))
        return {} if nearest["Type"] == "tmpfs" else nearest

    def _line(self, container: Container, mount: Mount) -> str:
        held = f"{mount['Type']} {_origin(mount)}" if mount else "in the container"
        rights = ", read-only" if mount and not mount["RW"] else ""
        where = self._where(container)
        return f"{container.service} ({container.name}): {where} {held}{rights}"


def _origin(mount: Mount) -> str:
    """Return the volume's name or the host's directory."""
    return str(mount.get("Name") or mount["Source"])


def _of_disks(
    found: Iterable[Container], mounts: Mapping[str, Mount], disks: Mapping[str, Disk]
) -> list[Reading]:
    root = os.stat("/").st_dev

    def is_root(container: Container) -> bool:
        mount = mounts[container.id]
        return mount.get("Type") == "bind" and disks[mount["Source"]].device == root

    free = min((disk.free for disk in disks.values()), default=None)
    return [services_where("on_root_disk", found, is_root), Reading("free", free, "B")]


def _disks(paths: Iterable[str]) -> dict[str, Disk]:
    """Return the disks of those *paths* that can be looked at."""
    found = {}
    for path in paths:
        with suppress(OSError):
            space = os.statvfs(path)
            free = space.f_bavail * space.f_frsize
            found[path] = Disk(os.stat(path).st_dev, free)
    return found
