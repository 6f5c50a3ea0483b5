"""A family of actions on files of one directory, performed as real ones are.

The directory is the system: its file ``id`` says which one it is. While it holds a
file ``hold``, an action stands still after its first call; one called ``mute`` keeps
the system from saying which one it is, ``blind`` its state from being seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from runbooks.actions.base import Action, Tell
from runbooks.actions.describing import make
from runbooks.changes import (
    Call,
    Change,
    Description,
    Identity,
    Precondition,
    Progress,
    Revision,
    Thing,
    Undo,
)
from runbooks.errors import ActionError, ProbeError
from runbooks.parameters import Duration
from runbooks.probes.sources import Sources
from runbooks.tables import ActionSpec, CommandClass
from runbooks.target import Target

ABSENT = "absent"


class FileAction(Action, frozen=True, kw_only=True):
    """Changes one file of the directory."""

    directory: str
    name: str = "setting"

    table: ClassVar[str] = "practice"

    @property
    def source(self) -> str:
        return f"practice {self.directory}"

    @property
    def path(self) -> Path:
        return Path(self.directory, self.name)

    @property
    def content(self) -> str:
        return self.path.read_text() if self.path.exists() else ABSENT

    async def identity(self, sources: Sources) -> Identity:
        while Path(self.directory, "mute").exists():
            await asyncio.sleep(0.02)
        try:
            said = Path(self.directory, "id").read_text().strip()
        except OSError as error:
            raise ProbeError(str(error), source=self.source, stage="query") from error
        return Identity("practice", said, f"practice system {said}")

    async def snapshot(self, sources: Sources) -> Mapping[str, str]:
        if Path(self.directory, "blind").exists():
            raise ProbeError("nobody can look", source=self.source, stage="query")
        return {self.name: self.content}

    async def held(self, tell: Tell) -> None:
        """Tell that the first of two calls is made; go on when nothing holds."""
        tell(Progress(says="half of it", bars={"written": (1, 2)}, deadline=(1, 60)))
        while Path(self.directory, "hold").exists():
            await asyncio.sleep(0.02)
        if Path(self.directory, "broken").exists():
            raise ActionError("The disk refused. Look at it, then try again.")


class Write(FileAction, frozen=True, kw_only=True):
    """Write a file."""

    to: str
    brief: bool = False
    lasting: bool = False

    async def describe(self, sources: Sources) -> Description:
        before = self.content
        undo = Undo("practice.write", {"name": self.name, "to": before})
        if before == ABSENT:
            undo = Undo("practice.remove", {"name": self.name})
        if self.lasting:
            undo = Undo(irreversible="it was written in stone")
        return Description(
            title=f"write {self.to!r} to {self.name}",
            identity=await self.identity(sources),
            calls=(Call(f"WRITE {self.path}", self.to),),
            things=(Thing("file", self.name, str(self.path)),),
            changes=(Change(self.name, before, self.to),),
            preconditions=tuple(self._preconditions()),
            undo=undo,
            loose_end=f"{self.name} is {self.to!r} for a while" if self.brief else "",
            seconds=60,
            point_of_no_return="once it is read" if self.lasting else "",
            watch="the file's size",
            snapshot={self.name: before},
            outcome={self.name: self.to},
        )

    def _preconditions(self) -> Iterator[Precondition]:
        locked = Path(self.directory, "locked").exists()
        yield Precondition(
            "somebody locked the directory" if locked else "nobody locked it",
            not locked,
        )

    async def perform(self, description: Description, tell: Tell) -> None:
        self.path.write_text(self.to[: len(self.to) // 2])
        await self.held(tell)
        self.path.write_text(self.to)
        tell(Progress(says="all of it", bars={"written": (2, 2)}, deadline=(2, 60)))


class Remove(FileAction, frozen=True, kw_only=True):
    """Remove a file."""

    command_class: ClassVar[CommandClass] = CommandClass.DESTRUCTIVE
    timeout: Duration = Duration(5)

    async def describe(self, sources: Sources) -> Description:
        return Description(
            title=f"remove {self.name}",
            identity=await self.identity(sources),
            calls=(Call(f"REMOVE {self.path}"),),
            things=(Thing("file", self.name, str(self.path)),),
            changes=(Change(self.name, self.content, ABSENT),),
            undo=Undo("practice.write", {"name": self.name, "to": self.content}),
            snapshot={self.name: self.content},
            outcome={self.name: ABSENT},
        )

    async def perform(self, description: Description, tell: Tell) -> None:
        await self.held(tell)
        self.path.unlink()


async def identify(target: Target, sources: Sources) -> Identity:
    action = await make(ActionSpec("practice.remove"), target, sources)
    return await action.identity(sources)


async def history(target: Target) -> list[Revision]:
    """Return what a file ``history`` says: number, content and person a line."""
    directory = Path(target.tables["practice"]["directory"])
    said = directory / "history"
    if not said.exists():
        raise ProbeError("it keeps no history", source="practice", stage="query")
    lines = [line.split() for line in said.read_text().splitlines()]
    return [
        Revision(
            workload="file setting",
            revision=number,
            image=content,
            by=by,
            live=place == 0,
            healthy=7200.0 if place else None,
            undo=Undo("practice.write", {"to": content}) if place else Undo(),
        )
        for place, (number, content, by) in enumerate(lines)
    ]


ACTIONS: Mapping[str, type[Action]] = {
    "practice.write": Write,
    "practice.remove": Remove,
}
