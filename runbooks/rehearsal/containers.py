"""API, worker and ingress as containers, where a Docker Engine answers.

Then the rehearsal is a compose project instead of processes, and its profile says so:
the steps on Docker have something to look at, and restart and rollback something to
act on. It is made as Compose would make it, without it. The containers share the
machine's network, because what they talk to listens on loopback alone; the ingress,
called caddy as at the original, has the plain port. Where containers cannot run as
meant, API and worker are processes as everywhere else.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from runbooks.errors import CommandError, ProbeError
from runbooks.probes.docker.client import Engine
from runbooks.probes.docker.containers import ONE_OFF, PROJECT, SERVICE
from runbooks.rehearsal import images, project
from runbooks.rehearsal.layout import Layout
from runbooks.rehearsal.parts import is_open
from runbooks.rehearsal.project import Project
from runbooks.rehearsal.services import SERVICES, described, hand_over

if TYPE_CHECKING:
    from docker import APIClient

T = TypeVar("T")
_COMPOSE = PROJECT.rpartition(".")[0]
_READY_LIMIT = 20.0
_STOP_LIMIT = 3


class Containers:
    """The containers of one rehearsal."""

    def __init__(self, layout: Layout, made: Project, client: APIClient) -> None:
        self._layout = layout
        self._project = made
        self._client = client
        self.running: set[str] = set()
        self._under_way: set[asyncio.Future[Any]] = set()

    @property
    def engine(self) -> str:
        return self._project.engine.url

    @property
    def name(self) -> str:
        """Of the compose project."""
        return self._project.name

    async def start(self, name: str, settings: Mapping[str, str]) -> None:
        """Make the container of a service anew and return once it is ready.

        It gets the image that it had, so that a rollback lasts.

        Raises:
            CommandError: it ended or did not become ready, and may be restarted for
                ever; its last words are told.
        """
        made = await self._ask(lambda: self._make(name, settings))
        try:
            async with asyncio.timeout(_READY_LIMIT):
                while not (
                    await self._ask(lambda: self._is_well(name, made))
                    and await is_open(self._layout.ports[SERVICES[name].check[0]])
                ):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            said = await self._ask(lambda: self._last_words(made))
            raise CommandError(f"{name} is not ready: {said}") from None
        self.running.add(name)

    async def stop(self, name: str) -> None:
        """Stop the container of a service, as ``docker compose stop`` does."""
        self.running.discard(name)
        await self._ask(lambda: self._stop(name))

    async def remove(self) -> None:
        """Remove containers and images.

        Raises:
            CommandError: the Engine cannot be asked.
        """
        self.running.clear()
        # Whoever asked may be cancelled; what the Engine does goes on.
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._ask(lambda: self._project.remove(self._client))
        self._client.close()

    async def make_images(self) -> None:
        """Make both versions of the image, and what a scanner says of them."""
        labels, repository = self._project.labels, f"{self.name}/app"
        made = await self._ask(lambda: images.make(self._client, repository, labels))
        images.report(self._layout, made)

    async def _ask(self, call: Callable[[], T]) -> T:
        asking = asyncio.ensure_future(self._project.engine.in_thread(call))
        self._under_way.add(asking)
        asking.add_done_callback(self._under_way.discard)
        try:
            return await asyncio.shield(asking)
        except ProbeError as error:
            raise CommandError(str(error)) from error

    def _those_of(self, name: str) -> list[dict[str, Any]]:
        wanted = [f"{PROJECT}={self.name}", f"{SERVICE}={name}"]
        found = self._client.containers(all=True, filters={"label": wanted})
        return found  # type: ignore[no-any-return]

    def _stop(self, name: str) -> None:
        for each in self._those_of(name):
            self._client.stop(each["Id"], _STOP_LIMIT)

    def _make(self, name: str, settings: Mapping[str, str]) -> str:
        image = f"{self.name}/app:{images.NEWEST}"
        for former in self._those_of(name):
            image = former["Image"]
            self._client.remove_container(former["Id"], force=True, v=True)
        hand_over(self._layout, SERVICES[name])
        arguments = described(self._layout, SERVICES[name], settings)
        digest = hashlib.sha256(json.dumps(arguments).encode()).hexdigest()
        labels = {
            **self._project.labels,
            SERVICE: name,
            ONE_OFF: "False",
            f"{_COMPOSE}.config-hash": digest,
            f"{_COMPOSE}.container-number": "1",
            f"{_COMPOSE}.depends_on": "",
            f"{_COMPOSE}.project.config_files": "-",
            f"{_COMPOSE}.project.working_dir": str(self._layout.directory),
        }
        host = self._client.create_host_config(**arguments.pop("host"))
        made = self._client.create_container(
            image,
            name=f"{self.name}-{name}-1",
            labels=labels,
            host_config=host,
            **arguments,
        )
        self._client.start(made["Id"])
        return str(made["Id"])

    def _is_well(self, name: str, id: str) -> bool:
        """Return whether it runs, and is healthy where that is waited for.

        Raises:
            CommandError: it ended.
        """
        found = self._client.inspect_container(id)
        state = found["State"]
        if found["RestartCount"] or state["Status"] in ("exited", "restarting"):
            raise CommandError(f"{name} ended: {self._last_words(id)}")
        healthy = state["Health"]["Status"] == "healthy"
        return healthy or not SERVICES[name].await_health

    def _last_words(self, id: str) -> str:
        lines = self._client.logs(id, tail=3).decode(errors="replace").splitlines()
        return " / ".join(lines) or "it said nothing"


async def begin(layout: Layout) -> Containers:
    """Return the containers of a rehearsal, none of them started.

    Raises:
        CommandError: there is no Engine that can run them; why.
    """
    engine, client = await _reach()
    return Containers(layout, project.begin(layout.directory, engine), client)


async def lacking() -> str:
    """Return why there is no Engine that can run containers, "" where there is."""
    try:
        _, client = await _reach()
    except CommandError as error:
        return str(error)
    client.close()
    return ""


async def _reach() -> tuple[Engine, APIClient]:
    """Return the Engine that can run containers, and a client of it.

    Raises:
        CommandError: there is none; why.
    """
    engine = Engine.at("")
    where = Path(urlsplit(engine.url).path)
    if not engine.here:
        raise CommandError(f"{engine.name} is on another machine")
    if not (where.exists() and stat.S_ISSOCK(where.stat().st_mode)):
        raise CommandError(f"{engine.name} is not there")
    try:
        client = await engine.in_thread(engine.connect)
        if unfit := await engine.in_thread(lambda: _unfit(client)):
            client.close()
            raise CommandError(f"{engine.name} {unfit}")
    except ProbeError as error:
        raise CommandError(str(error)) from error
    return engine, client


def _unfit(client: APIClient) -> str:
    """Return why containers there would not see this machine, "" where they do."""
    about = client.info()
    if about["KernelVersion"] != os.uname().release:
        return "is in a virtual machine"
    rootless = "name=rootless" in (about.get("SecurityOptions") or ())
    return "has a network of its own, without root" if rootless else ""
