"""A bad release, deployed on a rehearsal in containers as a pipeline would do it."""

from __future__ import annotations

from typing import Any

import httpx

from runbooks.rehearsal import Deployment, images
from runbooks.target import Target, parse
from tests.runbooks.probes.docker_engine import DockerEngine, wait_until
from tests.runbooks.rehearsal.asking import client

BAD = "1.9.1"
"""It wants TLS of a database that has none, so API and worker never reach it."""


class Releases:
    """The containers of one rehearsal, and what they run."""

    def __init__(self, deployment: Deployment, docker: DockerEngine) -> None:
        self.deployment = deployment
        self._client = docker.client
        self.project = str(self.target.tables["docker"]["project"])
        self.good = self._image(images.NEWEST)

    @property
    def target(self) -> Target:
        profile = self.deployment.profile
        return parse(profile.read_bytes(), profile)

    def _image(self, version: str) -> str:
        found = self._client.inspect_image(f"{self.project}/app:{version}")
        return str(found["Id"])

    def inspect(self, service: str) -> Any:
        return self._client.inspect_container(f"{self.project}-{service}-1")

    def running(self, service: str) -> str:
        return str(self.inspect(service)["Image"])

    def started(self, service: str) -> str:
        return str(self.inspect(service)["State"]["StartedAt"])

    def deploy_bad(self) -> str:
        """Make the bad release, let API and worker run it, return its image.

        Returns once the Engine finds the API unhealthy and requests have failed.
        """
        labels = self._client.inspect_image(self.good)["Config"]["Labels"]
        known = {**labels, "org.opencontainers.image.version": BAD}
        changes = [f'LABEL {name}="{value}"' for name, value in known.items()]
        self._client.import_image_from_data(
            images._root_file_system(BAD),
            f"{self.project}/app",
            BAD,
            [*changes, "ENV PGSSLMODE=require"],
        )
        for service in ("api", "worker"):
            self._recreate(service, f"{self.project}/app:{BAD}")
        wait_until(lambda: self._health("api") == "unhealthy", "the API is unhealthy")
        with client(self.deployment, "api") as api:
            assert api.get("/ready").status_code == 503
        return self._image(BAD)

    def _recreate(self, service: str, image: str) -> None:
        before = self.inspect(service)
        theirs = self._client.inspect_image(before["Image"])["Config"].get("Labels")
        config = before["Config"]
        given = {
            name: value
            for name, value in config["Labels"].items()
            if (theirs or {}).get(name) != value
        }
        self._client.remove_container(before["Id"], force=True)
        described = {
            **config,
            "Image": image,
            "Labels": given,
            "HostConfig": before["HostConfig"],
        }
        made = self._client.create_container_from_config(
            described, before["Name"].lstrip("/")
        )
        self._client.start(made["Id"])

    def _health(self, service: str) -> str:
        return str(self.inspect(service)["State"]["Health"]["Status"])

    def version(self) -> str:
        """Return the version that answers, "" where none does."""
        try:
            with client(self.deployment, "api") as api:
                return str(api.get("/version").json()["version"])
        except httpx.HTTPError:
            return ""
