"""What a run that is opened again is compared with: each step accounted for once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from runbooks.model import Runbook
from state import against
from state.against import Baseline
from state.drift import Drift, drift
from state.progress import Progress
from state.standing import Standing
from state.verdict import effective

if TYPE_CHECKING:
    from state.run import Run


class Sort(StrEnum):
    """What became of a step; in the order in which they are told."""

    UNCHANGED = "unchanged"
    EDITED = "edited"
    MOVED = "moved"
    NEW = "new"
    REMOVED = "removed"
    STALE = "stale"
    IN_DOUBT = "in doubt"


@dataclass(frozen=True, slots=True)
class Compared:
    """A run, and what a person knew of it who has been away.

    Attributes:
        state: as it is now; what the document's changes mean for it is applied.
        baseline: what was known before; of a new run, what it began with.
        left_at, left_by: when a person last acted before, ISO 8601 or "", and who.
    """

    directory: Path
    runbook: Runbook
    state: Progress
    baseline: Baseline
    drift: Drift
    left_at: str
    left_by: str

    @classmethod
    def of_run(cls, run: Run) -> Compared:
        """Compare a run that is open."""
        known = run.baseline or Baseline()
        left = run.left_at, run.left_by
        return cls(run.directory, run.runbook, run.state, known, run.drift, *left)

    @classmethod
    def of_files(cls, directory: Path, runbook: Runbook, state: Progress) -> Compared:
        """Compare a run that nobody opens; *state* becomes what opening makes of it."""
        known = state.baseline or Baseline()
        against.drifted(state, drift(state.digests, runbook, state.sections).as_data())
        changed = drift(known.digests, runbook, known.sections)
        left = state.acted_at, state.acted_by
        return cls(directory, runbook, state, known, changed, *left)

    @property
    def was(self) -> Mapping[str, str]:
        """Id of each step that was there before to its id then."""
        moved = {now: old for old, now in self.drift.moved.items()}
        new = set(self.drift.new)
        return {
            step.id: moved.get(step.id, step.id)
            for step in self.runbook.steps
            if step.id not in new
        }

    def sorts(self, now: datetime) -> dict[str, Sort]:
        """Return what became of each step, by its id now, or then if it was removed."""
        told = {
            **dict.fromkeys(self.drift.moved.values(), Sort.MOVED),
            **dict.fromkeys(self.drift.new, Sort.NEW),
            **dict.fromkeys(self.drift.edited, Sort.EDITED),
        }
        by_time = {Standing.STALE: Sort.STALE, Standing.IN_DOUBT: Sort.IN_DOUBT}
        found = {}
        for step in self.runbook.steps:
            standing = effective(step, self.state.steps.get(step.id), now)
            aged = by_time.get(standing, Sort.UNCHANGED)
            found[step.id] = told.get(step.id, aged)
        return found | dict.fromkeys(self.drift.removed, Sort.REMOVED)

    def profile_changes(self) -> Iterator[tuple[str, str, str]]:
        """Yield name, value then and value now, "" for none, of what was changed."""
        before, now = self.baseline.profile, self.state.profile
        if before is None or now is None:
            return
        for name in dict.fromkeys((*before, *now)):
            if before.get(name) != now.get(name):
                yield name, before.get(name, ""), now.get(name, "")
