"""The probes of a run: which steps are looked at, and what was found written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from runbooks.errors import RefusedError, StateError
from runbooks.events import Kind
from state import entries
from state.doubts import settle_verified
from tui.told import Announced, Looking, NotSaved, Told

if TYPE_CHECKING:
    from runbooks.model import Runbook, Step
    from runbooks.results import Finding
    from runbooks.runner import Runner
    from runbooks.target import Target
    from state.run import Run

EVERY = 120.0
"""Seconds between two passes where the profile's ``[probes] every`` does not say."""


WAITS = "Another pass is under way; this look comes after it."
TAKES_OVER = 2.0
"""Seconds after which one of the other screens looks, once that one has gone."""


class Probing:
    """Looks at steps, one pass at a time, and again while the run is open.

    Attributes:
        watches: whether it is this screen of the run that looks by itself.
    """

    def __init__(
        self,
        runbook: Runbook,
        run: Run,
        target: Target,
        tell: Callable[[Told], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._runbook = runbook
        self._run = run
        self._target = target
        self._tell = tell
        self._spawn = spawn
        self._one_pass = asyncio.Lock()
        self._soaking: set[str] = set()
        self._runner: Runner | None = None
        self._looked = False
        self.watches = False

    async def watch(self, allowed: Callable[[], bool]) -> None:
        """Look at everything, and again on an interval, as long as this run is open.

        Only one screen of a run looks; the others show what it writes down, and one
        of them goes on when that one has left or was killed.

        Args:
            allowed: whether the document is trusted by now.
        """
        from state.lock import try_lock

        every = self._interval()
        with try_lock(self._run.directory / "probing") as ours:
            while True:
                self.watches = allowed() and ours()
                if self.watches:
                    steps = [s for s in self._steps(None) if not self._holds(s)]
                    try:
                        await self._pass(steps, background=True)
                    except StateError as error:
                        self._tell(NotSaved(str(error)))
                if not every:
                    return
                await asyncio.sleep(every if self.watches else min(every, TAKES_OVER))

    async def look(
        self, step_ids: Sequence[str] | None, intrusive: Sequence[str] = ()
    ) -> None:
        """Look at these steps, or at all that a machine can decide, for a person.

        Args:
            intrusive: those for which a person agreed to what looking does
                beyond reading.

        Raises:
            RefusedError: there is nothing to look at.
            StateError: what was found could not be written down.
        """
        steps = self._steps(step_ids)
        if not steps:
            raise RefusedError("Nothing to probe here: no step declares a probe.")
        if step_ids is None or len(step_ids) > 1:
            steps = [step for step in steps if not self._holds(step)]
        await self._pass(steps, intrusive=intrusive)

    def _steps(self, step_ids: Sequence[str] | None) -> list[Step]:
        from runbooks.facts import differing

        wanted = None if step_ids is None else set(step_ids)
        return [
            step
            for step in self._runbook.steps
            if (wanted is None or step.id in wanted)
            and (step.probes or differing(step.options.when, self._target))
        ]

    def _holds(self, step: Step) -> bool:
        """Whether it is left alone where nobody points at it."""
        from state.judging import holds

        return holds(step, self._run.progress.get(step.id), datetime.now(UTC))

    def _interval(self) -> float:
        from runbooks.durations import seconds

        said = self._target.tables.get("probes", {}).get("every")
        if said is None:
            return EVERY
        try:
            return seconds(str(said))
        except ValueError as error:
            problem = f"[probes] every in the profile: {error}"
            raise RefusedError(problem) from error

    async def _pass(
        self,
        steps: Sequence[Step],
        background: bool = False,
        intrusive: Sequence[str] = (),
    ) -> None:
        from runbooks.runner import Runner
        from state.announcing import announcement

        if self._runner is None:
            self._runner = Runner(self._target)
        if self._one_pass.locked() and not background:
            self._tell(Announced(WAITS, news=False))
        async with self._one_pass:
            for step in [step for step in steps if step.options.soak]:
                self._begin_soak(step)
            before = dict(self._run.progress)
            found: dict[str, Finding] = {}
            at_once = [step for step in steps if not step.options.soak]
            # Later ones in the background are nobody's business until they find news.
            shown = not (background and self._looked)
            try:
                async with aclosing(
                    self._runner.probe_all(at_once, intrusive)
                ) as looks:
                    if shown:
                        self._tell(Looking(len(at_once)))
                    async for step_id, finding in looks:
                        found[step_id] = finding
                        if not background or self._news(step_id, finding):
                            self._write(step_id, finding)
                        if shown:
                            self._tell(Looking(len(at_once) - len(found)))
            finally:
                if shown:
                    self._tell(Looking(0))
            self._looked = True
            said = announcement(self._runbook, before, self._run.progress, found)
            if said or not background:
                self._tell(Announced(said or self._summary(found), news=bool(said)))

    def _write(self, step_id: str, finding: Finding) -> None:
        found = entries.probe_finished(finding)
        self._run.record(Kind.PROBE_FINISHED, step_id, found)
        settle_verified(self._run)

    def _news(self, step_id: str, finding: Finding) -> bool:
        """Whether it says something new, or the last one will soon be too old."""
        from state.judging import age_of, fresh

        state = self._run.progress.get(step_id)
        old = state.finding if state else None
        if state is None or old is None:
            return True
        if (old.result, old.reason) != (finding.result, finding.reason):
            return True
        step = self._runbook.step_by_id[step_id]
        age = age_of(state.probed_at, datetime.now(UTC))
        return age > fresh(step, step.level) / 3

    def _summary(self, found: dict[str, Finding]) -> str:
        """Say how much was looked at, and how often who was asked."""
        assert self._runner is not None
        most = sorted(self._runner.requests.items(), key=lambda item: -item[1])[:3]
        asked = ", ".join(f"{source} {times}" for source, times in most)
        steps = "1 step" if len(found) == 1 else f"{len(found)} steps"
        return f"Looked at {steps}." + (f" Requests: {asked}." if asked else "")

    def _begin_soak(self, step: Step) -> None:
        if step.id not in self._soaking:
            self._soaking.add(step.id)
            self._spawn(self._soak(step))

    async def _soak(self, step: Step) -> None:
        """Look at one step until it has held, beside everything else."""
        from runbooks.soaking import soak

        runner, wanted = self._runner, step.options.soak
        assert runner is not None and wanted is not None
        try:
            async with aclosing(soak(wanted, lambda: runner.probe(step))) as looks:
                async for soaked, finding in looks:
                    data = entries.soak_looked(soaked)
                    self._run.record(Kind.SOAK_LOOKED, step.id, data)
                    if finding:
                        self._write(step.id, finding)
        finally:
            self._soaking.discard(step.id)
