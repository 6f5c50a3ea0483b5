"""Probe of the files from which Compose takes variables."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, measured
from runbooks.probes.docker.containers import Container
from runbooks.probes.docker.project import ProjectProbe
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread
from runbooks.results import Reading
from runbooks.target import Target

DIRECTORY = "com.docker.compose.project.working_dir"
ENV_FILES = "com.docker.compose.project.environment_file"


class EnvFilesProbe(ProjectProbe, frozen=True, kw_only=True):
    """Measures who may read the env files of a project, never what they hold.

    Source: the files themselves, on the machine that gonogo runs on. They are those
    that the profile names, else those of the labels that Compose sets: what was given
    with ``--env-file``, or ``.env`` in the project's directory. What a service names
    under ``env_file`` the Engine does not keep.

    Readings:
        files: how many there are.
        mode: of the most open one, such as ``0600``; absent without files.

    Attributes:
        env_files: the files; by default those of the profile's table [settings].

    Raises:
        ProbeError: the Engine cannot be asked, a service has no container, no label
            says where the files are, or they are elsewhere or out of reach.
    """

    env_files: tuple[str, ...] = ()

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(("files", "mode"), "")

    @classmethod
    def with_defaults(
        cls, parameters: Mapping[str, Any], target: Target
    ) -> dict[str, Any]:
        named = [
            f"${{settings.{key}}}"
            for key in target.tables.get("settings", {})
            if key.endswith("env_file")
        ]
        known = {"env_files": named} if named else {}
        return super().with_defaults({**known, **parameters}, target)

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.containers(sources)
        if not (self.env_files or self.engine.here):
            raise self._away(
                "the files of an Engine elsewhere cannot be seen from here"
            )
        try:
            modes = await in_thread(lambda: _modes(self.env_files, found), "files")
        except OSError as error:
            why = f"{error.filename} cannot be looked at: {error.strerror}"
            raise self._away(why) from error
        return measured(
            "\n".join(f"{path}: mode {mode}" for path, mode in modes.items()),
            Reading("files", len(modes)),
            Reading("mode", max(modes.values(), default=None)),
        )

    def _away(self, why: str) -> ProbeError:
        error = ProbeError(why, source=self.source, stage="query")
        error.add_note(
            "Run gonogo where Compose is run, as a user who may see the project's "
            "directory, or name the file as env_file under [settings]."
        )
        return error


def _modes(named: Iterable[str], containers: Iterable[Container]) -> dict[Path, str]:
    """Return the mode of each file.

    Raises:
        OSError: one is not here or out of reach.
    """
    paths = [Path(path).expanduser() for path in named] or _labelled(containers)
    return {path: f"{stat.S_IMODE(path.stat().st_mode):04o}" for path in paths}


def _labelled(containers: Iterable[Container]) -> Iterator[Path]:
    """Yield the files that Compose was given for these containers.

    Raises:
        OSError: a container does not say from where, or that is not here.
    """
    for each in containers:
        if not (said := each.labels.get(DIRECTORY)):
            raise FileNotFoundError(
                0, "no label says where", f"the env file of {each.name}"
            )
        directory = Path(said)
        if given := each.labels.get(ENV_FILES):
            yield from (directory / name for name in given.split(",") if name)
        elif ".env" in os.listdir(directory):
            yield directory / ".env"
