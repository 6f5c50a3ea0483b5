"""The probes of a run: which steps are looked at, and what was found written down."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from runbooks.errors import RefusedError
from runbooks.events import Kind
from state import entries

if TYPE_CHECKING:
    from runbooks.model import Runbook
    from runbooks.target import Target
    from state.run import Run


class Probing:
    """Looks at steps, one pass at a time."""

    def __init__(self, runbook: Runbook, run: Run, target: Target) -> None:
        self._runbook = runbook
        self._run = run
        self._target = target
        self._one_pass = asyncio.Lock()

    async def look(self, step_ids: Sequence[str] | None) -> None:
        """Look at these steps, or at all that a machine can decide.

        Raises:
            RefusedError: there is nothing to look at.
            StateError: what was found could not be written down.
        """
        from runbooks.facts import differing
        from runbooks.runner import Runner

        wanted = None if step_ids is None else set(step_ids)
        steps = [
            step
            for step in self._runbook.steps
            if (wanted is None or step.id in wanted)
            and (step.probes or differing(step.options.when, self._target))
        ]
        if not steps:
            raise RefusedError("Nothing to probe here: no step declares a probe.")
        async with self._one_pass:
            async for step_id, finding in Runner(self._target).probe_all(steps):
                found = entries.probe_finished(finding)
                self._run.record(Kind.PROBE_FINISHED, step_id, found)
