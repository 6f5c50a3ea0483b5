"""Recreating by Docker's compose command: from the project's own files and one more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from runbooks.actions.docker.compose import Compose, compose, run, shown
from runbooks.actions.docker.configured import changed_environment, configured
from runbooks.actions.docker.origin import STDIN, Origin
from runbooks.actions.docker.pinned import Pinned
from runbooks.actions.docker.previous import MEANT, meant
from runbooks.actions.docker.services import ServicesAction
from runbooks.actions.docker.way import Wanted
from runbooks.actions.docker.work import Work
from runbooks.changes import Call, Change, Precondition
from runbooks.probes.docker.containers import Container
from runbooks.probes.sources import Sources


class ByCompose:
    """Compose brings the services up again, a file on stdin says with which image.

    All containers of the services are replaced at once.
    """

    name = "compose"

    async def hindrance(self, sources: Sources, wanted: Wanted) -> str:
        first = wanted.found[0]
        if not wanted.engine.here:
            return "the compose files are on the Engine's machine, which is another one"
        if missing := Origin.of(first).missing:
            return missing
        tool = await compose(sources, wanted.engine)
        if tool is None:
            return "there is no docker compose on this machine"
        made_by = first.labels.get("com.docker.compose.version", "")
        if made_by and made_by.startswith("1.") != tool.first:
            return f"Compose {made_by} made {first.name}, here is {tool.version}"
        said = await configured(sources, wanted.engine, first)
        if said and said.problem:
            return f"Compose cannot read its files: {said.problem}"
        return ""

    async def doubt(self, sources: Sources, wanted: Wanted) -> str:
        said = await configured(sources, wanted.engine, wanted.found[0])
        unset = said.unset if said else ()
        if not unset:
            return ""
        return (
            f"its files use {', '.join(unset)}, which no file sets: they would be empty"
        )

    async def calls(self, sources: Sources, wanted: Wanted) -> tuple[Call, ...]:
        line = await _line(sources, wanted)
        return (Call(shown(wanted.engine, line), _override(wanted)),)

    async def changes(self, sources: Sources, wanted: Wanted) -> tuple[Change, ...]:
        said = []
        for service, each in {each.service: each for each in wanted.found}.items():
            names = await changed_environment(sources, wanted.engine, each)
            if names:
                now = f"{', '.join(names)} as its files say now"
                said.append(Change(f"settings of {service}", "as it was made", now))
        return tuple(said)

    async def stays(self, sources: Sources, wanted: Wanted) -> tuple[str, ...]:
        return ()

    async def preconditions(
        self, sources: Sources, wanted: Wanted
    ) -> tuple[Precondition, ...]:
        return ()

    async def go(
        self,
        sources: Sources,
        wanted: Wanted,
        pins: Sequence[Pinned],
        work: Work,
        action: ServicesAction,
    ) -> None:
        line = await _line(sources, wanted)
        code, last = -1, ""
        async with aclosing(run(wanted.engine, line, _override(wanted))) as printed:
            async for said in printed:
                if isinstance(said, int):
                    code = said
                elif said:
                    last = said
                    work.say(said)
        # Not from what was seen before: they are others now.
        async with Sources() as fresh:
            found = await work.asked(action.chosen(fresh))
        work.follow(found)
        if code:
            why = f"docker compose ended with exit code {code} ({last})"
            raise await work.failure(why, False)
        for pin, each in zip(pins, _beside(pins, found), strict=False):
            name = each.name
            await work.until_ready(each.id, name, action.patience, action.settle)
            work.done(pin, f"{name} is ready")


def _beside(pins: Sequence[Pinned], found: Sequence[Container]) -> Sequence[Container]:
    """Return the containers in the order of those that they have replaced."""
    names = [pin.name for pin in pins]
    return sorted(
        found, key=lambda c: names.index(c.name) if c.name in names else len(names)
    )


async def _line(sources: Sources, wanted: Wanted) -> tuple[str, ...]:
    """Return the command line; `hindrance` has said that there is one."""
    tool = await compose(sources, wanted.engine)
    assert isinstance(tool, Compose)
    counts = Counter(each.service for each in wanted.found)
    return tool.line(
        Origin.of(wanted.found[0]),
        f"--file={STDIN}",
        "up",
        "--detach",
        "--no-deps",
        "--no-build",
        # The first Compose fetches only what is not there.
        *(() if tool.first else ("--pull=never",)),
        "--force-recreate",
        # Else there would be as many as the file says, and not as there are now.
        *(f"--scale={name}={count}" for name, count in counts.items()),
        *counts,
    )


def _override(wanted: Wanted) -> str:
    """Return a compose file that names the image; JSON is YAML, too."""
    services: dict[str, Any] = {}
    for each in wanted.found:
        services[each.service] = {"image": wanted.image.id}
        if meant(each):
            services[each.service]["labels"] = {MEANT: meant(each)}
    return msgspec.json.encode({"services": services}, order="sorted").decode()
