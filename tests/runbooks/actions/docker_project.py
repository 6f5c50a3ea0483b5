"""A compose project on an Engine of our own, to be acted on."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.runbooks.actions.performed import Performed, Stage
from tests.runbooks.probes.docker_engine import DockerEngine, wait_until

NAME = "shop"
QUICK = {"settle": "300ms", "patience": "20s"}
"""Parameters with which tests need not wait."""


def health(command: str) -> dict[str, Any]:
    """Return a check that is done ten times a second."""
    return {
        "test": ["CMD", *command.split()],
        "interval": 10**8,
        "timeout": 5 * 10**9,
        "retries": 1,
    }


class Project(Stage):
    """The project ``shop``, and the profile that leads to it."""

    def __init__(self, engine: DockerEngine, directory: Path) -> None:
        super().__init__(directory, "")
        self.engine = engine
        self.data = directory / "data"
        self.data.mkdir()
        self.lead_to(engine.url)

    def lead_to(self, url: str) -> None:
        self.profile.write_text(f'[docker]\nhost = "{url}"\nproject = "{NAME}"\n')

    def run(self, service: str, number: int = 1, **settings: Any) -> str:
        """Start a container of a service, wait until it is ready, return its id.

        It ends at once when it is stopped.
        """
        checked = "healthcheck" in settings
        settings.setdefault("stop_signal", "SIGKILL")
        host = {"binds": [f"{self.data}:/data"], **settings.pop("host", {})}
        id = self.engine.run(NAME, service, number, host=host, **settings)
        if checked:
            wait_until(lambda: self.health(id) == "healthy", "it is healthy")
        return id

    def inspect(self, name: str) -> Mapping[str, Any]:
        """Return a container as it is now, by id or by ``api-1``."""
        at = name if len(name) == 64 else f"{NAME}-{name}"
        return self.engine.client.inspect_container(at)  # type: ignore[no-any-return]

    def health(self, name: str) -> str:
        return str(self.inspect(name)["State"]["Health"]["Status"])

    def started(self, name: str) -> str:
        return str(self.inspect(name)["State"]["StartedAt"])

    def running(self, name: str) -> bool:
        return bool(self.inspect(name)["State"]["Running"])

    @property
    def names(self) -> list[str]:
        """Names of all containers of the Engine."""
        found = self.engine.client.containers(all=True)
        return sorted(each["Names"][0].lstrip("/") for each in found)

    async def act_quickly(self, use: str, **parameters: Any) -> Performed:
        """Describe, agree, perform; return how it ended."""
        _, performed = await self.act(use, **{**QUICK, **parameters})
        return performed

    def remove(self) -> None:
        from docker.errors import NotFound

        for each in self.engine.client.containers(all=True):
            with suppress(NotFound):
                self.engine.client.remove_container(each["Id"], force=True, v=True)
        for each in self.engine.client.images():
            if "app:1" not in (each["RepoTags"] or ()):
                self.engine.client.remove_image(each["Id"], force=True)
