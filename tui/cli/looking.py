"""One look at each step without a person: probes, and commands that only observe."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from msgspec.structs import replace

from runbooks.asking import Place, Reply
from runbooks.errors import CommandError, RefusedError
from runbooks.gate import Door
from runbooks.model import Part, Runbook, Step
from runbooks.results import Finding, Result, worst
from runbooks.runner import Runner
from runbooks.tables import ActionSpec, CommandClass
from state.standing import Command, StepState

if TYPE_CHECKING:
    from runbooks.changes import Description, Identity
    from runbooks.target import Target
    from state.trust import TrustStore

WALL = 60.0
"""Seconds that a command may take if it declares no limit: nobody watches it."""
_POLL = 0.02
_ONLY_LOOKS = "A check only looks."


@dataclass(frozen=True, slots=True)
class Look:
    """What one look brought back.

    Attributes:
        commands: the parts that ran, where commands decide the step.
        parts: how many of them there are.
    """

    finding: Finding
    at: str
    commands: tuple[Command, ...] = ()
    parts: int = 0

    def added_to(self, state: StepState | None) -> StepState:
        """Return *state* with this look as the newest."""
        state = state or StepState()
        if self.parts:
            return replace(state, commands=self.commands, parts=self.parts)
        return replace(state, finding=self.finding, probed_at=self.at)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person at the command line agreed to.

    Attributes:
        intrusive: ids of steps at which looking may do more than read.
        soak: wait for steps that have to hold for a while.
    """

    intrusive: tuple[str, ...] = ()
    soak: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """All looks in the order of the steps, and how often each source was asked."""

    looks: Mapping[str, Look]
    requests: Mapping[str, int]


async def look(
    runbook: Runbook,
    steps: Sequence[Step],
    target: Target,
    store: TrustStore,
    wanted: Wanted,
    advance: Callable[[], None],
) -> Seen:
    """Look at *steps*.

    Args:
        advance: called after each.
    """
    looks: dict[str, Look] = {}
    runner = Runner(target, declared_only=True)
    probed = [step for step in steps if step.options.use != "command"]
    at_once = [step for step in probed if not (step.options.soak and wanted.soak)]
    async for step_id, finding in runner.probe_all(at_once, wanted.intrusive):
        step = runbook.step_by_id[step_id]
        looks[step_id] = Look(_not_soaked(step, finding), _now())
        advance()
    requests = runner.requests
    soaking = [step for step in probed if step not in at_once]
    for step, held in zip(
        soaking,
        await asyncio.gather(*(_soaked(runner, step) for step in soaking)),
        strict=True,
    ):
        looks[step.id] = Look(held, _now())
        advance()
    commands = _Commands(runbook, target, store)
    try:
        for step in steps:
            if step.options.use == "command":
                looks[step.id] = await commands.look(step)
                advance()
    finally:
        commands.close()
    return Seen({step.id: looks[step.id] for step in steps}, requests)


def _not_soaked(step: Step, finding: Finding) -> Finding:
    """A step that has to hold for a while has not passed when it held once."""
    if not step.options.soak or finding.result not in (Result.PASS, Result.WARN):
        return finding
    said = f"it held once ({finding.reason}), not for {step.options.soak.span}"
    return replace(
        finding, result=Result.UNKNOWN, reason=f"{said}: --soak waits for that"
    )


async def _soaked(runner: Runner, step: Step) -> Finding:
    from runbooks.soaking import soak

    assert step.options.soak is not None
    finding = Finding(Result.UNKNOWN, "nobody looked")
    async for _, last in soak(step.options.soak, lambda: runner.probe(step)):
        finding = last or finding
    return finding


class _NothingKept:
    """The ledger of a check: it knows what is trusted and writes nothing down."""

    def __init__(self, store: TrustStore) -> None:
        self._store = store

    def is_trusted(self, digest: str) -> bool:
        return self._store.is_trusted(digest)

    def trust(self, text: str = "") -> None:
        raise RefusedError("A check trusts nothing by itself; use 'gonogo trust'.")

    def give(self, values: Mapping[str, str]) -> None: ...

    def request(
        self, command: str, part: str, text: str, command_class: CommandClass, cwd: str
    ) -> None: ...

    def armed(self) -> None:
        return None

    def arm(self, reason: str) -> None:
        raise RefusedError(_ONLY_LOOKS)

    def take_lever(self) -> None:
        raise RefusedError(_ONLY_LOOKS)

    def expected(self, table: str) -> None:
        return None

    def know(self, identity: Identity) -> None:
        raise RefusedError(_ONLY_LOOKS)

    def act(
        self, command: str, step: str, asked: ActionSpec, description: Description
    ) -> None:
        raise RefusedError(_ONLY_LOOKS)


class _Commands:
    """Runs the commands that decide steps, in order, through the one door."""

    def __init__(self, runbook: Runbook, target: Target, store: TrustStore) -> None:
        from runbooks.redaction import secret_values
        from runbooks.target import secret_values as target_secrets
        from state.locations import runtime_dir

        self._runbook = runbook
        self._scratch = Path(mkdtemp(prefix="check-", dir=runtime_dir()))
        place = Place(
            outputs=self._scratch / "outputs",
            context=self._scratch / "context",
            started_in=Path.cwd(),
            secrets=lambda: (*secret_values(os.environ), *target_secrets(target)),
        )
        self._door = Door(
            runbook,
            target,
            _NothingKept(store),
            place,
            inputs=dict,
            unmet=lambda step_id: (),
        )

    def close(self) -> None:
        """Remove what the commands left."""
        shutil.rmtree(self._scratch)

    async def look(self, step: Step) -> Look:
        parts = [
            part
            for block in self._runbook.blocks
            if block.step == step.id or step.part
            for part in block.parts
            if block.step == step.id or part.id == step.part
        ]
        findings, ran = [], []
        for part in parts:
            try:
                command, finding = await self._run(part)
            except (RefusedError, CommandError) as error:
                findings.append(Finding(Result.UNKNOWN, str(error)))
                break
            ran.append(command)
            findings.append(finding)
            if finding.result is not Result.PASS:
                break
        return Look(_together(findings), _now(), tuple(ran), max(len(parts), 1))

    async def _run(self, part: Part) -> tuple[Command, Finding]:
        """Run one part.

        Raises:
            RefusedError: it needs a person.
            CommandError: it could not be started.
        """
        from runbooks.commands import start

        wish = self._door.wish(part.id)
        question = self._door.look(wish)
        if reason := _needs_person(question.inferred, question.needed):
            raise RefusedError(f"line {part.line} did not run: {reason}")
        if wish.is_interactive() or wish.is_follower():
            raise RefusedError(f"line {part.line} did not run: it wants a terminal")
        permit = self._door.admit(wish, question, Reply())
        plan = self._door.plan(permit)
        self._door.request(permit, plan)
        began = _now()
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
        passed = ending.ending == "exit" and ending.code == 0
        reason = (
            f"exit {ending.code}" if ending.ending == "exit" else f"{ending.ending}"
        )
        return command, Finding(
            Result.PASS if passed else Result.FAIL,
            reason,
            evidence=_tail(running.output),
            seconds=ending.seconds,
            source="command",
        )


def _needs_person(inferred: bool, asks: bool) -> str:
    if asks:
        return "it changes things or has a placeholder to fill in"
    if inferred:
        return "its class is only inferred; declare class=observe"
    return ""


def _together(findings: Iterable[Finding]) -> Finding:
    found = list(findings)
    if not found:
        return Finding(Result.UNKNOWN, "it has no command to decide it")
    last = found[-1]
    return replace(
        last,
        result=worst(finding.result for finding in found),
        evidence="\n".join(f.evidence for f in found if f.evidence),
        seconds=sum(finding.seconds for finding in found),
    )


def _tail(output: Path, limit: int = 4096) -> str:
    """Return the last few lines that a command printed."""
    with output.open("rb") as file:
        file.seek(max(0, output.stat().st_size - limit))
        return file.read().decode("utf-8", "replace").rstrip("\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
