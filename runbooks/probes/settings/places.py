"""Where a service's environment is read: env files, containers, pod templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runbooks import env_file
from runbooks.errors import ProbeError
from runbooks.probes.settings import pods
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread
from runbooks.settings import Data, Environment, of_docker, of_file
from runbooks.target import SOURCE

Found = tuple[list[Environment], list[Data]]
"""Environments, and the ConfigMaps and Secrets that may declare variables."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where each service's environment is.

    Attributes:
        platform: ``kubernetes``, ``compose``, ``processes``, or "" for not said.
        own_files: env file by service, "" for one without a file of its own.
        env_file: for services without one, where they are processes.
        kubernetes, docker: how to reach them, as in the profile's tables.
    """

    platform: str
    own_files: Mapping[str, str]
    env_file: str
    kubernetes: Mapping[str, str]
    docker: Mapping[str, str]

    @property
    def source(self) -> str:
        files = set(self.files.values())
        if len(files) == 1 and set(self.files) == set(self.own_files):
            return f"settings {files.pop()}"
        return f"settings {self.platform}".strip()

    @property
    def files(self) -> dict[str, str]:
        """Env file by service; where services are containers, only their own."""
        general = self.env_file if self.platform in ("", "processes") else ""
        named = {each: own or general for each, own in self.own_files.items()}
        return {service: path for service, path in named.items() if path}

    async def environments(self, sources: Sources, names: Sequence[str]) -> Found:
        """Return the environment of every service, in order.

        Raises:
            ProbeError: one cannot be read, or nobody said where it is.
        """
        found: list[Environment] = []
        declared: list[Data] = []
        for service in self.own_files:
            if path := self.files.get(service):
                found.append(await _of_file(sources, service, path))
            elif self.platform == "kubernetes":
                more, data = await pods.environments(
                    sources, self.kubernetes, service, names
                )
                found += more
                declared += data
            elif self.platform == "compose":
                found += await self._of_containers(sources, service)
            else:
                raise self._unsaid(service)
        return found, declared

    async def _of_containers(self, sources: Sources, service: str) -> list[Environment]:
        from runbooks.probes.docker.client import Engine
        from runbooks.probes.docker.containers import project_containers

        engine = Engine.at(self.docker.get("host", ""))
        project = self.docker.get("project", "")
        there = await project_containers(sources, engine, project)
        chosen = [each for each in there if each.service == service]
        if not chosen:
            said = f"there is no container of {service}"
            raise ProbeError(said, source=engine.source, stage="query")
        running = [each for each in chosen if each.running] or chosen
        labels = [service] if len(running) == 1 else [each.name for each in running]
        return [
            of_docker(label, each.config.get("Env") or ())
            for label, each in zip(labels, running, strict=True)
        ]

    def _unsaid(self, service: str) -> ProbeError:
        lacking = "[settings] env_file" if self.platform else "[facts] platform"
        error = ProbeError(
            f"no {lacking} in the profile", source=SOURCE, stage="configuration"
        )
        error.add_note(
            'Write platform = "kubernetes" or "compose" under [facts], or '
            f"{service}_env_file or env_file under [settings]."
        )
        return error


async def _of_file(sources: Sources, service: str, path: str) -> Environment:
    async def read() -> tuple[dict[str, str], str]:
        sources.asked(f"settings {path}")
        try:
            return await in_thread(lambda: env_file.read(path), "settings")
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", "") or error
            raise ProbeError(
                f"{path} cannot be read: {why}",
                source=f"settings {path}",
                stage="query",
            ) from error

    values, mode = await sources.once(("env file", path), read)
    return of_file(service, values, mode)
