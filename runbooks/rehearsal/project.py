"""What a Docker Engine holds of one rehearsal, and its removal.

The directory's own record, written before anything else, names the Engine and a
project that no other rehearsal has; containers and images carry both as labels. Only
what matches is removed, and what was made from one of these images: whoever rolls
back may make containers anew.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runbooks.errors import ProbeError, RefusedError
from runbooks.probes.docker.client import Engine
from runbooks.probes.docker.containers import PROJECT
from runbooks.rehearsal.claims import CONTAINERS

if TYPE_CHECKING:
    from docker import APIClient

_DIRECTORY = "gonogo.rehearsal.directory"


@dataclass(frozen=True, slots=True)
class Project:
    """A compose project of its own.

    Attributes:
        directory: of the rehearsal.
    """

    directory: Path
    engine: Engine
    name: str

    @property
    def labels(self) -> dict[str, str]:
        return {PROJECT: self.name, _DIRECTORY: str(self.directory)}

    def remove(self, client: APIClient) -> None:
        """Remove every container and image of it, and forget it."""
        ours = [f"{name}={value}" for name, value in self.labels.items()]
        images = [each["Id"] for each in client.images(filters={"label": ours})]
        containers = client.containers(all=True, filters={"label": ours})
        for image in images:
            containers += client.containers(all=True, filters={"ancestor": image})
        for container in {each["Id"] for each in containers}:
            client.remove_container(container, force=True, v=True)
        for image in images:
            client.remove_image(image, force=True)
        (self.directory / CONTAINERS).unlink()


def begin(directory: Path, engine: Engine) -> Project:
    """Write down that *directory* has a project on *engine*, and return it."""
    made = Project(directory, engine, f"rehearsal-{secrets.token_hex(4)}")
    said = {"engine": engine.url, "project": made.name}
    (directory / CONTAINERS).write_text(json.dumps(said))
    return made


def read(directory: Path) -> Project:
    """Return the project that *directory* has, as it was written down."""
    said = json.loads((directory / CONTAINERS).read_text())
    return Project(directory.absolute(), Engine(said["engine"]), said["project"])


def clear(directory: Path) -> None:
    """Remove what an ended rehearsal in *directory* left on an Engine.

    Raises:
        RefusedError: the Engine cannot be asked.
    """
    if not (directory / CONTAINERS).exists():
        return
    left = read(directory)
    try:
        with left.engine.explaining(), left.engine.connect() as client:
            left.remove(client)
    except ProbeError as error:
        raise RefusedError(
            f"Containers that a rehearsal in {directory} left cannot be removed: "
            f"{error}. Start the Engine, or name another directory."
        ) from error
