"""Which steps count: the denominator of a verdict, a section and a run alike."""

from __future__ import annotations

from collections.abc import Container, Sequence

from runbooks.model import Runbook, Step
from runbooks.tables import Gate


def countable(runbook: Runbook) -> Sequence[Step]:
    """Return the steps that count at one gate or another, in document order.

    A part that stands as a step is of gate ``ops``: work whenever it is needed, and
    not of the checklist. So where a runbook declares neither severity nor gate its
    tasks count, and parts only where there is no task at all.
    """
    if runbook.declares:
        return runbook.steps
    tasks = [step for step in runbook.steps if step.part is None]
    return tasks or runbook.steps


def counted(
    runbook: Runbook,
    gate: Gate = Gate.GO,
    section: str | None = None,
    only: Container[str] | None = None,
) -> list[Step]:
    """Return the steps of which a verdict is made, in document order.

    Args:
        gate: the current gate, in a runbook that declares severity or gate.
        section: id of a section: only the steps in it and in those under it.
        only: ids of steps: no others.
    """
    inside = _inside(runbook, section) if section is not None else None
    return [
        step
        for step in countable(runbook)
        if (not runbook.declares or step.gate is gate)
        and (inside is None or step.section in inside)
        and (only is None or step.id in only)
    ]


def _inside(runbook: Runbook, section: str) -> set[str]:
    """Return the ids of *section* and of the sections under it."""
    root = runbook.section_by_id[section].path
    return {s.id for s in runbook.sections if s.path[: len(root)] == root}
