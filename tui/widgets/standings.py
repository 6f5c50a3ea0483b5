"""Where every step stands, kept up to date one step at a time.

The verdict looks at the whole run and is computed rarely; the list needs one
step and one section at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from runbooks.model import Runbook, Step
from runbooks.tables import Gate
from runbooks.target import SOURCE
from state.counting import countable
from state.standing import Standing, StepState
from state.verdict import GOOD, effective

NOTHING_KNOWN = StepState()


class Standings:
    """Standings and per-section progress of one run.

    Args:
        progress: the run's; it changes under us, so `look` says when.
    """

    def __init__(self, runbook: Runbook, progress: Mapping[str, StepState]) -> None:
        self._runbook = runbook
        self._progress = progress
        self._standing: dict[str, Standing] = {}
        self._holders = _holders(runbook)
        self._counted = {step.id for step in countable(runbook)}
        self._current = {
            holder
            for step in runbook.steps
            if step.gate is Gate.GO and runbook.declares
            for holder in self._holders[step.section]
        }
        """Ids of sections in which something counts before launch."""
        self._done: dict[str, int] = dict.fromkeys(self._holders, 0)
        self._total: dict[str, int] = dict.fromkeys(self._holders, 0)
        self.look_again()

    def state(self, step_id: str) -> StepState:
        return self._progress.get(step_id, NOTHING_KNOWN)

    def standing(self, step_id: str) -> Standing:
        return self._standing[step_id]

    def unset(self) -> int:
        """Return how many steps nobody could look at for want of a profile's word."""
        findings = (
            self.state(step_id).finding
            for step_id, standing in self._standing.items()
            if standing is Standing.UNKNOWN
        )
        return sum(each is not None and each.source == SOURCE for each in findings)

    def section(self, section_id: str) -> tuple[int, int]:
        """Return how many steps under a heading are done, of how many that count.

        Those of the current gate, or all where that heading has none of it.
        """
        return self._done[section_id], self._total[section_id]

    def inside(self, section_id: str) -> tuple[str, ...]:
        """Return the ids of all steps under a heading, in document order."""
        return tuple(
            step.id
            for step in self._runbook.steps
            if section_id in self._holders[step.section]
        )

    def look_again(self) -> frozenset[str]:
        """Judge every step anew, as time passes; return the steps that changed."""
        now = datetime.now(UTC)
        before, self._standing = self._standing, {}
        self._done = dict.fromkeys(self._done, 0)
        self._total = dict.fromkeys(self._total, 0)
        for step in self._runbook.steps:
            standing = effective(step, self.state(step.id), now)
            self._standing[step.id] = standing
            for section in self._counting(step):
                self._total[section] += 1
                self._done[section] += standing in GOOD
        return frozenset(
            step_id
            for step_id, standing in self._standing.items()
            if before.get(step_id) is not standing
        )

    def look(self, step: Step) -> tuple[str, ...]:
        """Judge one step anew; return the sections whose progress changed."""
        standing = effective(step, self.state(step.id), datetime.now(UTC))
        before, self._standing[step.id] = self._standing[step.id], standing
        change = (standing in GOOD) - (before in GOOD)
        if not change:
            return ()
        counting = self._counting(step)
        for section in counting:
            self._done[section] += change
        return counting

    def _counting(self, step: Step) -> tuple[str, ...]:
        """Ids of the sections in whose progress *step* counts."""
        if step.id not in self._counted:
            return ()
        return tuple(
            holder
            for holder in self._holders[step.section]
            if step.gate is Gate.GO or holder not in self._current
        )


def _holders(runbook: Runbook) -> dict[str, tuple[str, ...]]:
    """Section id to the ids of itself and of the sections above it."""
    open_sections: list[tuple[int, str]] = []
    holders: dict[str, tuple[str, ...]] = {}
    for section in runbook.sections:
        while open_sections and open_sections[-1][0] >= section.level:
            open_sections.pop()
        open_sections.append((section.level, section.id))
        holders[section.id] = tuple(id for _, id in open_sections)
    return holders
