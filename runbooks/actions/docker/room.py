"""Whether an Engine's disk has room for more containers."""

from __future__ import annotations

import os

from runbooks.changes import Precondition
from runbooks.probes.docker.client import Engine
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread
from runbooks.quantities import shown
from runbooks.results import Reading

LEAST = 256 * 2**20
"""Bytes that have to be free where containers are made."""


async def room(
    sources: Sources, engine: Engine, size: int, count: int
) -> list[Precondition]:
    """Return whether there is room, nothing where the disk is another machine's.

    Args:
        size: of the image, in bytes.
        count: of containers.

    Raises:
        ProbeError: the Engine cannot be asked.
    """
    if not engine.here:
        return []
    info = await engine.ask(sources, "info", lambda client: client.info())
    directory = info["DockerRootDir"]
    # This driver alone copies the whole image for each container.
    needed = LEAST + (count * size if info["Driver"] == "vfs" else 0)
    try:
        disk = await in_thread(lambda: os.statvfs(directory), "disk")
    except OSError as error:
        said = f"room in {directory} cannot be looked at: {error.strerror}"
        return [Precondition(said, None)]
    free = disk.f_bavail * disk.f_frsize
    words = [shown(Reading("size", value, "B")) for value in (free, needed)]
    said = f"in {directory} {words[0]} are free, and {words[1]} are needed"
    return [Precondition(said, free >= needed)]
