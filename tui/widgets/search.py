"""Finding text in a runbook, also in what is folded away."""

from __future__ import annotations

from runbooks.model import Row, Runbook


def find(runbook: Runbook, wanted: str, start: Row | None, step: int) -> Row | None:
    """Return the next row that holds *wanted*, whatever the case, or None.

    Args:
        start: where to begin; this row itself is looked at last.
        step: 1 to look down, -1 to look up; goes round at the ends.
    """
    wanted = wanted.casefold()
    rows = runbook.rows
    if not wanted or not rows:
        return None
    begin = rows.index(start) if start is not None else -1
    for far in range(1, len(rows) + 1):
        row = rows[(begin + far * step) % len(rows)]
        if wanted in text_of(runbook, row).casefold():
            return row
    return None


def text_of(runbook: Runbook, row: Row) -> str:
    """Return the text of *row* as it was written."""
    if row.kind == "section":
        return runbook.section_by_id[row.id].title
    if row.kind == "step":
        return runbook.step_by_id[row.id].text
    return runbook.part_by_id[row.id].text
