"""Docker's compose command: whether it is there, its command line, running it.

``docker compose`` is its second version, a plugin; the first one was a program of its
own, ``docker-compose``, and is what some systems still have.
"""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from runbooks.actions.docker.origin import Origin
from runbooks.probes.docker.client import Engine
from runbooks.probes.sources import Sources

KEPT = ("PATH", "HOME", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY")
"""Variables that it gets: others would be filled into the compose files."""
LONGEST = 2**20
"""Bytes of one line of its output."""


@dataclass(frozen=True, slots=True)
class Compose:
    """The command that is there.

    Attributes:
        words: ``docker compose`` or ``docker-compose``.
        version: such as ``2.26.1``.
    """

    words: tuple[str, ...]
    version: str

    @property
    def first(self) -> bool:
        return self.version.startswith("1.")

    def line(self, origin: Origin, *words: str) -> tuple[str, ...]:
        """Return the command with a project's name, directory and files."""
        return (
            *self.words,
            "--ansi=never",
            f"--project-name={origin.project}",
            f"--project-directory={origin.directory}",
            *(f"--env-file={path}" for path in origin.env_files),
            *(f"--file={path}" for path in origin.files),
            *words,
        )


def shown(engine: Engine, line: Sequence[str]) -> str:
    """Return the command line with which it is run, for people to type."""
    return f"DOCKER_HOST={shlex.quote(engine.name)} {shlex.join(line)}"


async def compose(sources: Sources, engine: Engine) -> Compose | None:
    """Return the compose command of this machine, None where there is none."""

    async def ask() -> Compose | None:
        for words in (("docker", "compose"), ("docker-compose",)):
            try:
                code, said, _ = await output(engine, (*words, "version", "--short"))
            except OSError:
                continue
            if code == 0 and said.strip():
                return Compose(words, said.strip().removeprefix("v"))
        return None

    return await sources.once(("compose", engine.url), ask)


async def run(
    engine: Engine, line: Sequence[str], given: str
) -> AsyncGenerator[str | int, None]:
    """Run it and yield each line of its output as it comes, then its exit code.

    It is asked to end when nobody waits any more.

    Args:
        given: what it reads from stdin.

    Raises:
        OSError: it cannot be started.
    """
    process = await asyncio.create_subprocess_exec(
        *line,
        env=_environment(engine),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=LONGEST,
    )
    assert process.stdin and process.stdout
    try:
        with suppress(ConnectionError):
            process.stdin.write(given.encode())
            await process.stdin.drain()
        process.stdin.close()
        async for text in process.stdout:
            yield text.decode("utf-8", "replace").rstrip()
        yield await process.wait()
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def output(engine: Engine, line: Iterable[str]) -> tuple[int, str, str]:
    """Run what only looks; return its exit code and what it printed.

    Raises:
        OSError: it cannot be started.
    """
    process = await asyncio.create_subprocess_exec(
        *line,
        env=_environment(engine),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        printed, problems = await process.communicate()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    code = process.returncode or 0
    return code, printed.decode("utf-8", "replace"), problems.decode("utf-8", "replace")


def _environment(engine: Engine) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "DOCKER_HOST": engine.url, "LC_ALL": "C.UTF-8"}
