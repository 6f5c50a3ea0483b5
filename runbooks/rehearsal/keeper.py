"""The process that holds a rehearsal together: starts its parts and ends with them.

Run as ``python -m runbooks.rehearsal.keeper DIRECTORY [--keep] [--unmonitored]``. It
answers with one JSON object a line: ``{"ready": part}`` for each that has started,
``{"running": [part, …], "without": [reason, …]}`` once all is ready and after each
order, ``{"refused": "…"}`` or ``{"error": "…"}``. Orders are lines, too: ``stop PART``
and ``start PART``. It stops everything when they end, and so with its starter.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from runbooks.errors import CommandError, RefusedError
from runbooks.own_python import python
from runbooks.rehearsal import (
    backups,
    cache,
    containers,
    database,
    front,
    monitoring,
    parts,
    pooler,
    profile,
    programs,
    rotation,
    settings,
    traffic,
)
from runbooks.rehearsal.claims import Claim, claim
from runbooks.rehearsal.faults import culprits
from runbooks.rehearsal.layout import lay_out
from runbooks.rehearsal.parts import Part
from runbooks.rehearsal.services import SERVICES

_PROGRAMS = {
    "api": "runbooks.rehearsal.api",
    "worker": "runbooks.rehearsal.worker",
    "web": "runbooks.rehearsal.frontend",
    "exporter": "runbooks.rehearsal.exporter",
}
_PACE = {"REHEARSAL_HEARTBEAT_SECONDS": "2", "REHEARSAL_STATE_SECONDS": "0.3"}
"""Faster than life, so that a rehearsal shows something."""
_LAST = ("pgbouncer", "redis", "postgres")
"""Parts that are stopped after those that use them."""


class Keeper:
    """Starts and stops the parts of one deployment."""

    def __init__(self, claimed: Claim) -> None:
        self._claim = claimed
        self._layout = lay_out(claimed.directory)
        self._parts = {part.name: part for part in culprits.parts(self._layout)}
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._containers: containers.Containers | None = None
        self.without = [f"{name}: not installed" for name in programs.left_out()]

    async def start_all(self, *, monitored: bool) -> None:
        """Make the deployment, *monitored* or not as `deployment.start` says.

        Raises:
            ExceptionGroup: of the CommandErrors of what did not start.
        """
        layout = self._layout
        layout.path("data").mkdir()
        rotation.write(layout)
        layout.path("cache", "hf").mkdir(parents=True)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._start_database())
            group.create_task(self._add(cache.part(layout)))
            group.create_task(self._prepare_monitoring(monitored))
            group.create_task(self._prepare_containers())
        settings.write(layout, pooled="pgbouncer" in self._parts)
        front.write(layout)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._start_programs())
            group.create_task(self._back_up())
        async with asyncio.TaskGroup() as group:
            if "alertmanager" in self._processes:
                group.create_task(monitoring.deliver_test_alert(layout))
            await traffic.browse(layout)
            if "prometheus" in self._processes:
                await monitoring.watching(layout)
        profile.write(layout, self.running(), self._containers)

    async def obey(self, line: str) -> None:
        """Carry out one order.

        Raises:
            CommandError: there is no such part or order, or it did not start.
        """
        order, _, name = line.partition(" ")
        known = {*self._parts, *(SERVICES if self._containers else ())}
        if name not in known or order not in ("start", "stop"):
            raise CommandError(f"There is no part to {line!r}.")
        if order == "stop":
            await self._stop(name)
        elif name not in self.running():
            await self._start(name)

    async def stop_all(self, *, keep: bool) -> None:
        """Stop every part, users before what they use, and give up the directory."""
        first = [name for name in self._processes if name not in _LAST]
        await asyncio.gather(self._remove_containers(), *map(self._stop, first))
        for name in _LAST:
            await self._stop(name)
        self._claim.release(keep=keep)

    def running(self) -> list[str]:
        processes = self._processes.items()
        found = {name for name, process in processes if process.returncode is None}
        return sorted(found | (self._containers.running if self._containers else set()))

    async def _start_database(self) -> None:
        await database.create(self._layout)
        await self._add(database.part(self._layout))
        await database.fill(self._layout)
        await self._add(pooler.part(self._layout))

    async def _prepare_monitoring(self, monitored: bool) -> None:
        """Start it early: Prometheus takes five seconds to look at its targets."""
        module = "runbooks.rehearsal.certificates"
        await parts.run(*python(module), str(self._layout.directory))
        if monitored:
            await self._add(monitoring.prometheus(self._layout))
            await self._add(monitoring.alertmanager(self._layout))

    async def _prepare_containers(self) -> None:
        """Make images, unless there is no Engine to run them."""
        try:
            self._containers = await containers.begin(self._layout)
            await self._containers.make_images()
        except CommandError as error:
            await self._do_without_containers(error)

    async def _do_without_containers(self, why: BaseException) -> None:
        self.without.append(f"containers: {why}")
        await self._remove_containers()

    async def _remove_containers(self) -> None:
        contained, self._containers = self._containers, None
        if contained:
            # What its Engine would not remove keeps the directory for the next start.
            with suppress(CommandError):
                await contained.remove()

    async def _start_programs(self) -> None:
        """Start what is ours, in containers as far as they can run."""
        contained = SERVICES if self._containers else {}
        async with asyncio.TaskGroup() as group:
            group.create_task(self._start_contained(contained))
            for name in _PROGRAMS.keys() - contained.keys():
                group.create_task(self._add(self._own(name)))

    async def _start_contained(self, services: Collection[str]) -> None:
        """Start containers, or processes when the Engine cannot run these."""
        starting = map(self._start, services)
        ended = await asyncio.gather(*starting, return_exceptions=True)
        errors = [error for error in ended if error]
        for error in errors:
            if not isinstance(error, CommandError):
                raise error
        if errors:
            await self._do_without_containers(errors[0])
            for name in _PROGRAMS.keys() & services:
                await self._add(self._own(name))

    def _environment(self) -> dict[str, str]:
        return _PACE | settings.read(self._layout)

    async def _back_up(self) -> None:
        await backups.create(self._layout)
        _tell(ready="backups")

    def _own(self, name: str) -> Part:
        """Return a part of ours, with the settings as the env file has them now."""
        argv = (*python(_PROGRAMS[name]), str(self._layout.directory))
        return Part(name, argv, name, environment=self._environment())

    async def _add(self, part: Part | None) -> None:
        if part is not None:
            self._parts[part.name] = part
            await self._start(part.name)

    async def _start(self, name: str) -> None:
        if self._containers and name in SERVICES:
            await self._containers.start(name, self._environment())
        else:
            part = self._own(name) if name in _PROGRAMS else self._parts[name]
            process = await parts.start(part, self._layout)
            self._processes[name] = process
            self._claim.record(name, process.pid, part.stop_signal)
        _tell(ready=name)

    async def _stop(self, name: str) -> None:
        if self._containers and name in SERVICES:
            await self._containers.stop(name)
            return
        process = self._processes.pop(name, None)
        if process is not None:
            await parts.stop(self._parts[name], process)


async def keep(directory: Path, *, kept: bool, monitored: bool) -> int:
    """Run a deployment in *directory* until told to end; return the exit code."""
    try:
        keeper = Keeper(claim(directory))
    except RefusedError as error:
        _tell(refused=str(error))
        return 1
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    reading = asyncio.StreamReaderProtocol(orders)
    await loop.connect_read_pipe(lambda: reading, sys.stdin)
    loop.add_signal_handler(signal.SIGTERM, orders.feed_eof)
    starting = asyncio.create_task(keeper.start_all(monitored=monitored))
    first = asyncio.create_task(orders.readline())
    try:
        await asyncio.wait((starting, first), return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            return 1  # whoever wanted it is gone
        await starting
        _tell(running=keeper.running(), without=keeper.without)
        line = await first
        while line:
            try:
                await keeper.obey(line.decode().strip())
                _tell(running=keeper.running(), without=keeper.without)
            except CommandError as error:
                _tell(error=str(error))
            line = await orders.readline()
    except* CommandError as group:
        _tell(error=" ".join(map(str, group.exceptions)))
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await keeper.stop_all(keep=kept)
    return 0


def _tell(**said: object) -> None:
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    directory, *options = sys.argv[1:]
    kept, monitored = "--keep" in options, "--unmonitored" not in options
    sys.exit(asyncio.run(keep(Path(directory), kept=kept, monitored=monitored)))
