"""Commands that only look, run without a person through the one door.

Nothing of it becomes part of a run: what such a command prints and leaves in its
shell goes to a place of its own, which is removed afterwards.
"""

from __future__ import annotations

import asyncio
import dataclasses
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from runbooks.asking import Place, Question, Reply
from runbooks.errors import RefusedError
from runbooks.gate import Door
from runbooks.model import Part, Runbook
from runbooks.results import Finding, Result
from runbooks.tables import ActionSpec, CommandClass
from state.standing import Command

if TYPE_CHECKING:
    from runbooks.changes import Description, Identity
    from runbooks.commands import Ending
    from runbooks.target import Target

WALL = 60.0
"""Seconds that a command may take if it declares no limit: nobody watches it."""
_POLL = 0.02
_ONLY_LOOKS = "This only looks."


class NothingKept:
    """A ledger that knows what is trusted and expected, and writes nothing down."""

    def __init__(
        self,
        is_trusted: Callable[[str], bool],
        expected: Callable[[str], Identity | None] = lambda table: None,
    ) -> None:
        self._is_trusted = is_trusted
        self._expected = expected

    def is_trusted(self, digest: str) -> bool:
        return self._is_trusted(digest)

    def expected(self, table: str) -> Identity | None:
        return self._expected(table)

    def changed_since_trusted(self) -> tuple[str, ...]:
        return ()

    def trust(self, text: str = "") -> None:
        raise RefusedError("Nothing is trusted by looking; use 'gonogo trust'.")

    def give(self, values: Mapping[str, str]) -> None: ...

    def request(
        self, command: str, part: str, text: str, command_class: CommandClass, cwd: str
    ) -> None: ...

    def armed(self) -> None:
        return None

    def arm(self, reason: str) -> None:
        raise RefusedError(_ONLY_LOOKS)

    def refuse_change(self) -> None: ...

    def take_lever(self) -> None:
        raise RefusedError(_ONLY_LOOKS)

    def know(self, identity: Identity) -> None:
        raise RefusedError(_ONLY_LOOKS)

    def act(
        self, command: str, step: str, asked: ActionSpec, description: Description
    ) -> None:
        raise RefusedError(_ONLY_LOOKS)


class Observer:
    """Runs commands of a runbook that only look, one after the other.

    Args:
        inputs: answers and outputs that a run remembers.
        unmet: ids of the steps that a step needs and that do not stand.
        context: shell context to begin with; it is copied.

    Attributes:
        door: looks at wishes, for what is not run as well.
        place: where it runs and what must not be shown.
    """

    def __init__(
        self,
        runbook: Runbook,
        target: Target,
        ledger: NothingKept,
        *,
        inputs: Mapping[str, str] | None = None,
        unmet: Callable[[str], Sequence[str]] = lambda step_id: (),
        context: Path | None = None,
    ) -> None:
        from runbooks.known import known
        from state.locations import runtime_dir

        self._scratch = Path(mkdtemp(prefix="look-", dir=runtime_dir()))
        self.place = Place(
            outputs=self._scratch / "outputs",
            context=self._scratch / "context",
            started_in=Path.cwd(),
            # Fetched with the first command: a profile's secret may be one too.
            secrets=cache(lambda: known(target)),
        )
        if context is not None:
            _copy(context, self.place.context)
        self.door = Door(
            runbook,
            target,
            ledger,
            self.place,
            inputs=lambda: inputs or {},
            unmet=unmet,
        )

    def close(self) -> None:
        """Remove what the commands left."""
        shutil.rmtree(self._scratch)

    async def look(self, part: Part) -> Finding:
        """Run one part and return what it says.

        Raises:
            RefusedError, CommandError: as `run`.
        """
        return (await self.run(part))[1]

    async def run(self, part: Part) -> tuple[Command, Finding]:
        """Run one part.

        Raises:
            RefusedError: it needs a person.
            CommandError: it could not be started.
        """
        from runbooks.commands import start

        wish = self.door.wish(part.id)
        question = self.door.look(wish)
        if reason := _needs_person(question):
            raise RefusedError(f"line {part.line} did not run: {reason}")
        if wish.is_interactive() or wish.is_follower():
            raise RefusedError(f"line {part.line} did not run: it wants a terminal")
        permit = self.door.admit(wish, question, Reply())
        plan = self.door.plan(permit)
        self.door.request(permit, plan)
        began = datetime.now(UTC).isoformat(timespec="seconds")
        running = start(dataclasses.replace(plan, wall=plan.wall or WALL))
        try:
            while (ending := running.ending()) is None:
                await asyncio.sleep(_POLL)
        except asyncio.CancelledError:
            running.stop()
            raise
        command = Command(
            id=plan.id,
            part=part.id,
            text=plan.text,
            by="check",
            at=began,
            code=ending.code,
            ending=ending.ending,
            seconds=ending.seconds,
        )
        return command, _finding(ending, running.output)


def _finding(ending: Ending, output: Path) -> Finding:
    exited = ending.ending == "exit"
    return Finding(
        Result.PASS if exited and ending.code == 0 else Result.FAIL,
        f"exit {ending.code}" if exited else ending.ending,
        evidence=_tail(output),
        seconds=ending.seconds,
        source="command",
    )


def _needs_person(question: Question) -> str:
    if question.needed:
        return "it changes things or has a placeholder to fill in"
    if question.inferred:
        return "its class is only inferred; declare class=observe"
    return ""


def _copy(context: Path, to: Path) -> None:
    """Copy a shell context: what commands leave here stays here."""
    from runbooks.context import files

    for file in files(context):
        shutil.copyfile(file, to.with_name(file.name.replace(context.name, to.name)))


def _tail(output: Path, limit: int = 4096) -> str:
    """Return the last few lines that a command printed."""
    with output.open("rb") as file:
        file.seek(max(0, output.stat().st_size - limit))
        return file.read().decode("utf-8", "replace").rstrip("\n")
