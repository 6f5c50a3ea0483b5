"""Which step the exit codes of commands decide."""

from __future__ import annotations

from runbooks.model import Runbook


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
