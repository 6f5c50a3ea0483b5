"""What a step needs first, and whether that stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from runbooks.model import Runbook
from state.standing import Standing, StepState
from state.verdict import effective

STANDS = frozenset({Standing.PASS, Standing.WARN, Standing.NA, Standing.WAIVED})


def unmet(
    runbook: Runbook, progress: Mapping[str, StepState], step_id: str
) -> list[str]:
    """Return the texts of the steps that *step_id* needs and that do not stand."""
    now = datetime.now(UTC)
    steps = (
        runbook.step_by_id.get(needed)
        for needed in runbook.step_by_id[step_id].options.needs
    )
    return [
        step.text
        for step in steps
        if step and effective(step, progress.get(step.id), now) not in STANDS
    ]
