"""One look at each step without a person: probes, and commands that only observe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from runbooks.errors import CommandError, RefusedError
from runbooks.model import Runbook, Step
from runbooks.results import Finding, Result, worst
from runbooks.runner import Runner
from state.standing import Command, StepState
from tui.observing import NothingKept, Observer

if TYPE_CHECKING:
    from runbooks.target import Target
    from state.trust import TrustStore


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
    observer = Observer(runbook, target, NothingKept(store.within(runbook)))
    try:
        for step in steps:
            if step.options.use == "command":
                looks[step.id] = await _observed(observer, runbook, step)
                advance()
    finally:
        observer.close()
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


async def _observed(observer: Observer, runbook: Runbook, step: Step) -> Look:
    """Run the commands that decide a step, up to the first that does not pass."""
    parts = [
        part
        for block in runbook.blocks
        if block.step == step.id or step.part
        for part in block.parts
        if block.step == step.id or part.id == step.part
    ]
    findings, ran = [], []
    for part in parts:
        try:
            command, finding = await observer.run(part)
        except (RefusedError, CommandError) as error:
            findings.append(Finding(Result.UNKNOWN, str(error)))
            break
        ran.append(command)
        findings.append(finding)
        if finding.result is not Result.PASS:
            break
    return Look(_together(findings), _now(), tuple(ran), max(len(parts), 1))


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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
