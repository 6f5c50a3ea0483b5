"""Docker's compose command: whether it is there, what it would do, running it.

``docker compose`` is its second version, a plugin; the first one was a program of its
own, ``docker-compose``, and is what some systems still have.
"""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from runbooks.actions.docker.origin import Origin, variables
from runbooks.probes.docker.client import Engine
from runbooks.probes.docker.containers import Container
from runbooks.probes.docker.images import image
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
                code, said = await _output(engine, (*words, "version", "--short"))
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


async def changed_environment(
    sources: Sources, engine: Engine, found: Container
) -> list[str] | None:
    """Return which variables its files give it now and it has otherwise.

    They are told by name; None where nobody can tell.

    Source: ``docker compose config --format=json``. The hash that ``config --hash``
    prints leaves env files out in Compose 2.22 to 5.1, so that it differs from the
    label of every container that has one.

    Raises:
        ProbeError: the Engine cannot be asked.
    """
    origin = Origin.of(found)
    if not engine.here or origin.missing:
        return None
    tool = await compose(sources, engine)
    if tool is None or tool.first:
        return None
    services = await sources.once(
        ("compose config", engine.url, origin),
        lambda: _configured(engine, tool.line(origin, "config", "--format=json")),
    )
    if found.service not in services:
        return None
    wanted = services[found.service].get("environment") or {}
    baked = (await image(sources, engine, found))["Config"].get("Env") or ()
    # A dollar sign is doubled, for the text to be a compose file again.
    will = variables(baked) | {
        name: str(value).replace("$$", "$")
        for name, value in wanted.items()
        if value is not None
    }
    has = variables(found.config.get("Env") or ())
    return sorted(n for n in will.keys() | has.keys() if will.get(n) != has.get(n))


async def _configured(engine: Engine, line: Sequence[str]) -> Mapping[str, Any]:
    """Return the services as Compose understands its files, {} where it does not."""
    code, text = await _output(engine, line)
    if code:
        return {}
    try:
        services: Mapping[str, Any] = msgspec.json.decode(text)["services"]
    except (msgspec.DecodeError, LookupError, TypeError):
        return {}
    return services


async def _output(engine: Engine, line: Iterable[str]) -> tuple[int, str]:
    """Run what only looks; return its exit code and what it printed on stdout."""
    process = await asyncio.create_subprocess_exec(
        *line,
        env=_environment(engine),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        output, _ = await process.communicate()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return process.returncode or 0, output.decode("utf-8", "replace")


def _environment(engine: Engine) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "DOCKER_HOST": engine.url, "LC_ALL": "C.UTF-8"}
