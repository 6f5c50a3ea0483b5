"""Finding text in a runbook, also in what is folded away."""

from __future__ import annotations

from runbooks.model import Part, Row, Runbook


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
        if wanted in _searched(runbook, row).casefold():
            return row
    return None


def part_of(runbook: Runbook, row: Row | None) -> Part | None:
    """Return the command that *row* is, or that it stands for as a step."""
    if row is None or row.kind == "section":
        return None
    part = runbook.step_by_id[row.id].part if row.kind == "step" else row.id
    return runbook.part_by_id[part] if part else None


def text_of(runbook: Runbook, row: Row) -> str:
    """Return the text of *row* as it was written; of a command what would run."""
    if part := part_of(runbook, row):
        return part.text
    if row.kind == "section":
        return runbook.section_by_id[row.id].title
    return runbook.step_by_id[row.id].text


def _searched(runbook: Runbook, row: Row) -> str:
    """All of *row* that can be read on the screen and was written in the document."""
    texts = [text_of(runbook, row)]
    if part := part_of(runbook, row):
        texts.append(part.title)
    if row.kind == "step":
        step = runbook.step_by_id[row.id]
        texts += step.text, step.details
    return "\n".join(texts)
