"""A dry run: what would become of each step, command and action of a runbook.

What only reads is run; of all else it is said what would run, why it would not, or
why nobody can tell. Nothing is changed and nothing is written down.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from msgspec.structs import replace

from runbooks.actions.describing import describe
from runbooks.actions.wish import ActionWish
from runbooks.errors import ProbeError, RefusedError
from runbooks.facts import differing
from runbooks.gate import Door
from runbooks.model import Part, Runbook, Step
from runbooks.planned import Planned, Says
from runbooks.planned_commands import Commands
from runbooks.results import Finding, Result, worst
from runbooks.runner import Runner
from runbooks.tables import ActionSpec, Level
from runbooks.target import Target

_log = logging.getLogger("gonogo.planning")


class Planner:
    """Walks a runbook and says what would become of each thing in it.

    Args:
        door: looks at wishes; nothing is admitted by it.
        observe: runs a part that only reads; raises RefusedError or CommandError.
        inputs: answers and outputs that the run remembers.
        settled: what a person has decided, a sentence by step id.
        looked: called with each finding of a probe, before `door` is asked.
        hidden: takes the secrets out of a text.
    """

    def __init__(
        self,
        runbook: Runbook,
        target: Target,
        door: Door,
        observe: Callable[[Part], Awaitable[Finding]],
        inputs: Mapping[str, str],
        settled: Mapping[str, str],
        looked: Callable[[Step, Finding], None],
        hidden: Callable[[str], str],
    ) -> None:
        self._runbook = runbook
        self._target = target
        self._door = door
        self._settled = settled
        self._looked = looked
        self._hidden = hidden
        self._commands = Commands(runbook, target, door, observe, inputs)

    async def walk(self) -> list[Planned]:
        """Return what is said of everything, in the order of the document.

        Raises:
            StateError: what is known of the target's identity cannot be read.
        """
        findings = await self._findings()
        described = await self._described()
        parts = {
            row.id: await self._commands.foresee(self._runbook.part_by_id[row.id])
            for row in self._runbook.rows
            if row.id in self._runbook.part_by_id
        }
        said: list[Planned] = []
        for row in self._runbook.rows:
            step = self._runbook.step_by_id.get(row.id)
            if step and (step.probes or not step.part):
                said.append(self._step(step, findings.get(step.id), parts))
            if row.id in parts:
                said.append(parts[row.id])
            if step:
                said += described[step.id]
        return [self._without_secrets(each) for each in said]

    def _without_secrets(self, planned: Planned) -> Planned:
        hidden = self._hidden
        known = (replace(each, value=hidden(each.value)) for each in planned.known)
        return replace(
            planned,
            title=hidden(planned.title),
            why=hidden(planned.why),
            commands=tuple(hidden(each) for each in planned.commands),
            known=tuple(known),
            details=tuple((name, hidden(text)) for name, text in planned.details),
        )

    # --------------------------------------------------------------- steps

    async def _findings(self) -> dict[str, Finding]:
        """Look at every step that a probe looks at and that applies."""
        steps = [
            step
            for step in self._runbook.steps
            if step.probes and not self._differs(step) and step.id not in self._settled
        ]
        found: dict[str, Finding] = {}
        runner = Runner(self._target, declared_only=True)
        async for step_id, finding in runner.probe_all(steps):
            found[step_id] = finding
            self._looked(self._runbook.step_by_id[step_id], finding)
        return found

    def _differs(self, step: Step | None) -> str:
        """Return which fact of the target rules the step out, or ""."""
        return differing(step.options.when, self._target) if step else ""

    def _step(
        self, step: Step, finding: Finding | None, parts: Mapping[str, Planned]
    ) -> Planned:
        base = Planned(
            kind="step",
            id=step.id,
            section=step.section,
            title=step.text,
            line=step.line,
            says=Says.UNKNOWN,
            why="",
        )
        if differs := self._differs(step):
            return replace(base, says=Says.SKIP, why=f"by fact: {differs}")
        if said := self._settled.get(step.id):
            return replace(base, says=Says.SKIP, why=said)
        if finding is not None:
            return _found(base, step, finding)
        if step.options.use == "command":
            mine = [
                parts[part.id]
                for block in self._runbook.blocks
                if block.step == step.id
                for part in block.parts
            ]
            return _by_commands(base, mine)
        owner = f" ({step.options.owner})" if step.options.owner else ""
        return replace(base, why=f"a person says{owner}")

    # -------------------------------------------------------------- actions

    async def _described(self) -> dict[str, list[Planned]]:
        """Look at what each action would do, all at one time."""
        pairs = [(step, spec) for step in self._runbook.steps for spec in step.actions]
        looks = await asyncio.gather(*(self._action(*pair) for pair in pairs))
        said: dict[str, list[Planned]] = {step.id: [] for step in self._runbook.steps}
        for (step, _), planned in zip(pairs, looks, strict=True):
            said[step.id].append(planned)
        return said

    async def _action(self, step: Step, spec: ActionSpec) -> Planned:
        base = Planned(
            kind="action",
            id=step.id,
            section=step.section,
            title=spec.use,
            line=step.line,
            says=Says.UNKNOWN,
            why="",
        )
        if differs := self._differs(step) or differing(spec.when, self._target):
            return replace(base, says=Says.SKIP, why=f"by fact: {differs}")
        try:
            description = await describe(spec, self._target)
        except ProbeError as error:
            return replace(base, why=f"nobody could look: {error}")
        except Exception:
            # An action's bug must not take the rest of the walk along.
            _log.exception("the action %s could not be described", spec.use)
            return replace(base, why=f"a bug in the action {spec.use}: see the log")
        wish = ActionWish(spec, description, step.id)
        base = replace(
            base,
            title=description.title,
            commands=tuple(f"{c.text}\n{c.body}".rstrip() for c in description.calls),
            command_class=wish.command_class,
            reason="declared",
            details=(*wish.facts(), ("undo", str(description.undo))),
        )
        try:
            self._door.look_at_action(wish)
        except RefusedError as error:
            return replace(base, says=Says.SKIP, why=str(error))
        return replace(base, says=Says.RUN, why="once a person agrees")


def _found(base: Planned, step: Step, finding: Finding) -> Planned:
    """Say what the probes of a step found."""
    result, reason = finding.result, finding.reason
    base = replace(base, result=result, evidence=finding.evidence)
    if result is Result.NA:
        return replace(base, says=Says.SKIP, why=reason)
    if result is Result.UNKNOWN:
        return replace(base, why=f"nobody could look: {reason}")
    if step.options.soak:
        span = step.options.soak.span
        return replace(base, why=f"it has to hold for {span}; now: {reason}")
    verb = "proposes " if step.level is Level.ASSIST else ""
    return replace(base, says=Says.LOOKED, why=f"{verb}{result}: {reason}")


def _by_commands(base: Planned, parts: list[Planned]) -> Planned:
    """Say how a step stands whose commands decide it."""
    if not parts or any(part.says is not Says.LOOKED for part in parts):
        return replace(base, why="its commands decide, and not all of them were run")
    result = worst(part.result or Result.UNKNOWN for part in parts)
    why = next(part.why for part in parts if part.result is result)
    return replace(base, says=Says.LOOKED, why=f"{result}: {why}", result=result)
