"""The fault of a full disk: a small one, that a process of its own holds.

The disk is 1 MiB of memory, mounted where nobody but that process sees it; others
get in by its directory in /proc. So it takes no root where people may make
namespaces of their own, never touches a real disk, and is gone with its process. For
a container nobody can mount it: the kernel refuses mounts of another namespace.
"""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from runbooks.errors import CommandError
from runbooks.rehearsal.deployment import Deployment
from runbooks.rehearsal.faults import culprits
from runbooks.rehearsal.faults.culprits import SMALL_DISK
from runbooks.rehearsal.faults.fault import Fault

_BLOCK = bytes(4096)


def fill(deployment: Deployment, kept: Path) -> None:
    """Put the media on the small disk, and fill what is left of it."""
    layout = deployment.layout
    disk = culprits.disk(layout)
    disk.mkdir()
    try:
        deployment.start_part(SMALL_DISK)
    except CommandError as error:
        raise CommandError(
            "A small disk takes the right to mount one, which this machine does not "
            f"give: {error}"
        ) from error
    process = culprits.ready_file(layout, SMALL_DISK).read_text().strip()
    inside = Path(f"/proc/{process}/root{disk}")
    data = layout.path("data")
    shutil.copytree(data, inside, dirs_exist_ok=True)
    _fill(inside / "recording.wav.part")
    data.rename(kept / "data")
    data.symlink_to(inside)


def empty(deployment: Deployment, kept: Path) -> None:
    data = deployment.layout.path("data")
    if (kept / "data").exists():
        data.unlink(missing_ok=True)
        (kept / "data").rename(data)
    deployment.stop_part(SMALL_DISK)


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as full:
        try:
            while os.fstat(full.fileno()).st_size < 2**21:
                full.write(_BLOCK)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return
    raise CommandError("The small disk does not get full.")


FAULTS = (
    Fault(
        "disk-full",
        "The media lie on a disk of 1 MiB that has no byte left.",
        "data",
        fill,
        empty,
        uncontained=True,
    ),
)
