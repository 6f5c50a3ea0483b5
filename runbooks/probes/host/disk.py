"""Probe of the disk that a directory of this machine lies on."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, measured
from runbooks.probes.host.machine import MachineProbe
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread
from runbooks.quantities import shown
from runbooks.results import Reading

_MOUNTS = Path("/proc/self/mountinfo")
_WRITES = 0o300
"""What the owner of a directory needs to make files in it."""
_MEMORY = ("tmpfs", "ramfs")


@dataclass(frozen=True, slots=True)
class _Mount:
    point: Path
    kind: str
    device: str


class DiskProbe(MachineProbe, frozen=True, kw_only=True):
    """Measures a directory's disk: its mount, what is free, and who may write.

    Sources: statvfs(3), stat(2) and ``/proc/self/mountinfo``.

    Of a disk that is mounted for other processes alone, and reached by a link below
    ``/proc``, nobody can tell mount, type and in_memory.

    Readings:
        exists: whether it is a directory; all others are absent where it is none.
        path: the directory, links resolved.
        mount: where its disk is mounted.
        type: of the file system, such as ``ext4`` or ``nfs4``.
        on_root_disk: whether that is the disk of ``/``.
        in_memory: whether it is lost when the machine stops.
        free: bytes that anybody may still use.
        free_share: the same as a share of the whole, in percent.
        free_inodes: share of the files that may still be made, in percent; absent
            where the file system has no limit.
        size: of the whole, in bytes.
        read_only: whether it is mounted so.
        writable: whether the directory's owner may make files in it.
        owner: who that is.

    Attributes:
        path: absolute, or below the home directory with ``~``.

    Raises:
        ProbeError: the directory may not be looked at.
    """

    path: str

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("exists", "path", "mount", "type"), ""),
        **dict.fromkeys(("on_root_disk", "in_memory", "read_only"), ""),
        **dict.fromkeys(("writable", "owner"), ""),
        **dict.fromkeys(("free", "size"), "B"),
        **dict.fromkeys(("free_share", "free_inodes"), "%"),
    }
    naming: ClassVar[frozenset[str]] = frozenset({"path", "mount", "type", "owner"})

    @property
    def source(self) -> str:
        return f"files {self.path}"

    async def look_here(self, sources: Sources) -> Measurement:
        sources.asked(self.source)
        return await in_thread(self._look, self.source)

    def _look(self) -> Measurement:
        path = Path(os.path.expanduser(self.path))
        try:
            if not path.is_dir():
                gone = {
                    name: Reading(name, None, u) for name, u in self.readings.items()
                }
                gone["exists"] = Reading("exists", False)
                return Measurement(gone, f"{path} is no directory")
            space, seen = os.statvfs(path), path.stat()
            real = path.resolve()
            mount: _Mount | None = _mount(real)
            if not (real.exists() and os.path.samestat(seen, real.stat())):
                # A link below /proc leads to what only other processes see mounted.
                real, mount = path, None
        except OSError as error:
            stage = "login" if isinstance(error, PermissionError) else "query"
            raise ProbeError(f"{path}: {error.strerror}", stage=stage) from error
        size = space.f_blocks * space.f_frsize
        free = Reading("free", space.f_bavail * space.f_frsize, "B")
        share = 100 * space.f_bavail / space.f_blocks if space.f_blocks else None
        inodes = 100 * space.f_favail / space.f_files if space.f_files else None
        read_only = bool(space.f_flag & os.ST_RDONLY)
        may = not read_only and seen.st_mode & _WRITES == _WRITES
        owner = _name(seen.st_uid)
        root = seen.st_dev == os.stat("/").st_dev
        lacking: dict[str, str] = {}
        if mount is None:
            mounted = "mounted where only other processes see it"
            lacking = dict.fromkeys(("mount", "type", "in_memory"), mounted)
        else:
            mounted = f"{mount.kind} {mount.device} mounted at {mount.point}"
        measurement = measured(
            f"{real}: {shown(free)} of {shown(Reading('', size, 'B'))} free\n"
            f"{mounted}{', read-only' if read_only else ''}, owned by {owner}",
            Reading("exists", True),
            Reading("path", str(real)),
            Reading("on_root_disk", root),
            free,
            Reading("free_share", share, "%"),
            Reading("free_inodes", inodes, "%"),
            Reading("size", size, "B"),
            Reading("read_only", read_only),
            Reading("writable", may),
            Reading("owner", owner),
            *_of_mount(mount),
        )
        return replace(measurement, lacking=lacking)


def _mount(path: Path) -> _Mount:
    """Return the mount that *path* lies on (proc(5): a later one hides an earlier)."""
    found = _Mount(Path("/"), "unknown", "")
    for line in _MOUNTS.read_text("utf-8", "replace").splitlines():
        before, _, after = line.partition(" - ")
        point = Path(_plain(before.split()[4]))
        kind, device = after.split()[:2]
        if path.is_relative_to(point) and len(point.parts) >= len(found.point.parts):
            found = _Mount(point, kind, _plain(device))
    return found


def _of_mount(mount: _Mount | None) -> list[Reading]:
    if mount is None:
        return []
    return [
        Reading("mount", str(mount.point)),
        Reading("type", mount.kind),
        Reading("in_memory", mount.kind in _MEMORY),
    ]


def _plain(text: str) -> str:
    """Undo the octal escapes of blanks."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def _name(uid: int) -> str:
    try:
        return f"{pwd.getpwuid(uid).pw_name} ({uid})"
    except KeyError:
        return str(uid)
