"""Describing an action and having the performing process carry it out, for tests."""

from __future__ import annotations

import asyncio
import os
import shlex
from pathlib import Path
from typing import Any

from runbooks.actions import ordering
from runbooks.actions.describing import describe
from runbooks.actions.performing import Ended
from runbooks.actions.wish import ActionWish
from runbooks.asking import Place
from runbooks.tables import ActionSpec
from runbooks.target import Target, parse


def target_of(path: Path, text: str) -> Target:
    """Return the target that a profile with this text describes."""
    path.write_text(text)
    return parse(path.read_bytes(), path)


async def wished(target: Target, use: str, **parameters: Any) -> ActionWish:
    """Return what a person would be shown."""
    asked = ActionSpec(use, parameters)
    return ActionWish(asked, await describe(asked, target))


class Performing:
    """The process that performs an action, as the door starts it."""

    def __init__(self, wish: ActionWish, target: Target, directory: Path) -> None:
        outputs = directory / "outputs"
        outputs.mkdir(exist_ok=True)
        place = Place(outputs, directory / "context", directory, lambda: ())
        self._id = f"action{len(list(outputs.glob('*.order')))}"
        self._outputs = outputs
        self.plan = ordering.plan(self._id, wish, target, place)
        self.printed = ""

    async def start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *shlex.split(self.plan.text.removeprefix("exec ")),
            cwd=self.plan.cwd,
            env={**os.environ, **self.plan.env},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )

    async def ended(self) -> Ended:
        """Carry it out and return how it ended."""
        return await self.end_of(await self.start())

    async def end_of(self, process: asyncio.subprocess.Process) -> Ended:
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        self.printed = output.decode()
        ended = ordering.ended(self._outputs, self._id)
        assert ended is not None, self.printed
        assert ended.code == process.returncode
        return ended

    @property
    def written(self) -> str:
        """All that is on disk of it."""
        return "".join(p.read_text() for p in self._outputs.iterdir())


async def performed(wish: ActionWish, target: Target, directory: Path) -> Ended:
    return await Performing(wish, target, directory).ended()
