"""Which step a command belongs to, which one its exit code decides, and which probes
see what it did."""

from __future__ import annotations

from collections.abc import Iterable

from runbooks.model import Runbook
from runbooks.remedies import step_of
from runbooks.tables import Level


def decided_by(runbook: Runbook, part: str) -> tuple[str, int]:
    """Return the step that *part* decides and of how many parts, or ("", 0)."""
    own = next((step for step in runbook.steps if step.part == part), None)
    if own is not None:
        # Where a probe looks, an exit code is no second opinion.
        return ("", 0) if own.probes else (own.id, 1)
    found = runbook.part_by_id.get(part)
    block = runbook.block_by_id.get(found.block) if found else None
    step = runbook.step_by_id.get(block.step) if block and block.step else None
    if step is None or step.options.use != "command":
        return "", 0
    parts = sum(len(b.parts) for b in runbook.blocks if b.step == step.id)
    return step.id, parts


def belongs_to(runbook: Runbook, part: str) -> str:
    """Return the step that *part*, or a fix of it, belongs to, or ""."""
    own = next((step for step in runbook.steps if step.part == part), None)
    if own is not None:
        return own.id
    found = runbook.part_by_id.get(part)
    block = runbook.block_by_id.get(found.block) if found else None
    return (block.step or "") if block else step_of(part)


def verifying(
    runbook: Runbook, step_id: str, declared: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return the steps whose probes look at what a step's command or action does.

    Args:
        declared: ids that the action names under ``verify``.
    """
    known = runbook.step_by_id
    ids = dict.fromkeys((*declared, step_id))
    return tuple(
        id
        for id in ids
        if id in known and known[id].probes and known[id].level is not Level.ATTEST
    )
