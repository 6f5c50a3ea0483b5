"""Where a container comes from: the files that Compose made it of, by its labels."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from runbooks import env_file
from runbooks.probes.docker.containers import Container
from runbooks.probes.docker.env_files import DIRECTORY, ENV_FILES

FILES = "com.docker.compose.project.config_files"
STDIN = "/dev/stdin"


@dataclass(frozen=True, slots=True)
class Origin:
    """The files of a compose project, as they were named when it was brought up.

    Attributes:
        directory: the project's, None where Compose did not say.
        files: compose files, in order.
        env_files: given with ``--env-file``; without one it is the directory's .env.
    """

    project: str
    directory: Path | None
    files: tuple[Path, ...]
    env_files: tuple[Path, ...]

    @classmethod
    def of(cls, container: Container) -> Origin:
        labels = container.labels
        named = labels.get(DIRECTORY, "")
        directory = Path(named) if named else None

        def paths(label: str) -> tuple[Path, ...]:
            # What was read from stdin is a change of ours, and no file.
            names = [n for n in labels.get(label, "").split(",") if n not in ("", "-")]
            return tuple((directory or Path()) / n for n in names if n != STDIN)

        return cls(container.project, directory, paths(FILES), paths(ENV_FILES))

    @property
    def all(self) -> tuple[Path, ...]:
        """Every file whose text can change what a container gets."""
        usual = (self.directory / ".env",) if self.directory else ()
        env_files = self.env_files or tuple(p for p in usual if p.exists())
        return (*self.files, *env_files)

    @property
    def missing(self) -> str:
        """Return why Compose cannot be run with these files here, or ""."""
        if not self.directory or not self.files:
            return "its labels do not say from which files it was made"
        for path in (*self.files, *self.env_files):
            if not os.access(path, os.R_OK):
                return f"{path}, from which it was made, cannot be read here"
        return ""


def changed_files(container: Container) -> list[str]:
    """Return in what the files are not as they were when the container was made.

    Values are compared, and never told. It blocks.
    """
    origin = Origin.of(container)
    made = datetime.fromisoformat(container.inspected["Created"]).timestamp()
    said = []
    for path in origin.all:
        try:
            written = path.stat().st_mtime
        except OSError as error:
            said.append(f"{path} cannot be looked at: {error.strerror}")
            continue
        if written > made:
            when = datetime.fromtimestamp(written, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
            said.append(f"{path} was changed at {when}")
    differing = sorted(set(_differing(container, origin)))
    if differing:
        said.append(f"{', '.join(differing)} have other values in the env file")
    return said


def _differing(container: Container, origin: Origin) -> Iterator[str]:
    """Yield variables that an env file sets and the container has otherwise."""
    has = variables(container.config.get("Env") or ())
    for path in origin.all[len(origin.files) :]:
        try:
            found, _ = env_file.read(str(path))
        except OSError:
            continue  # told already
        for name, value in found.items():
            if name in has and "${" not in value and has[name] != value:
                yield name


def variables(environment: Sequence[str]) -> dict[str, str]:
    """Return name to value of ``NAME=VALUE`` texts."""
    pairs = (pair.partition("=") for pair in environment)
    return {name: value for name, _, value in pairs}
