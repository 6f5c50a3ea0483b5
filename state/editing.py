"""What a person changed in progress.toml, read key by key and checked.

The rules are those of the screen: an edit that the screen would refuse does not
count, is journalled with the reason, and the file is put right.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from runbooks.model import Runbook
from state import entries
from state.progress import Progress
from state.refusing import objection, signed
from state.rendering import KEYS, as_text, step_values
from state.rules import default_end
from state.standing import Answer, Standing, StepState

_SAID = {
    **{answer.value: answer for answer in Answer},
    Standing.SKIPPED.value: Answer.SKIP,
    Standing.WAIVED.value: Answer.WAIVE,
}
"""What may stand under ``decision`` or ``state`` and what it says."""


def edits(
    runbook: Runbook,
    base: Progress,
    tables: Mapping[str, Mapping[str, Any]],
    current: Progress,
    lost: bool = False,
) -> dict[str, entries.Data]:
    """Return the data of an ``edited_by_hand`` event for each step that was edited.

    Args:
        base: what gonogo had written into the file.
        tables: what stands in it now.
        current: what is recorded by now: where a step was decided since the file
            was written, the edit of its decision does not count.
        lost: the differences are not edits but events that the journal lost.
    """
    found = {}
    for step_id, table in tables.items():
        step, state = runbook.step_by_id.get(step_id), base.steps.get(step_id)
        written = step_values(step, state)
        changes = {
            key: (as_text(written.get(key, "")), as_text(table.get(key, "")))
            for key in KEYS
            if as_text(written.get(key, "")) != as_text(table.get(key, ""))
        }
        # The text follows the document, and the document may have changed.
        changes.pop("text", None)
        if changes:
            edit = _edit(runbook, step_id, state, table, changes, current, lost)
            now = current.steps.get(step_id)
            if (now and now.decision) != (state and state.decision):
                edit |= {"decision": None, "withdrawn": False, "refused": [_LATE]}
            found[step_id] = edit
    return found


_OF_A_DECISION = {"note", "until", "role", "by", "at"}
_LATE = "It was decided on a screen while the file was edited; that decision stands."


def _edit(
    runbook: Runbook,
    step_id: str,
    state: StepState | None,
    table: Mapping[str, Any],
    changes: dict[str, tuple[str, str]],
    current: Progress,
    lost: bool,
) -> entries.Data:
    step = runbook.step_by_id.get(step_id)
    if step is None:
        refused = f"“{step_id}” is no step of the runbook."
        return entries.edited_by_hand(changes, refused=[refused])
    old = state.decision if state else None
    notes = _new_notes(changes)
    said = _said(changes)
    if said is None and not (old and changes.keys() & _OF_A_DECISION):
        if not old and "note" in changes and changes["note"][1]:
            notes.append(changes["note"][1])
        return entries.edited_by_hand(changes, notes=notes)
    if said == "":
        return entries.edited_by_hand(changes, withdrawn=old is not None, notes=notes)
    answer = _SAID.get(said) if said is not None else old.answer if old else None
    if answer is None:
        refused = (
            f"“{said}” is no decision; write pass, fail, skip, n/a, waive or done."
        )
        return entries.edited_by_hand(changes, notes=notes, refused=[refused])
    note = as_text(table.get("note", "")).strip()
    until, role = as_text(table.get("until", "")), as_text(table.get("role", ""))
    reason = objection(runbook, current, step, answer, note, until, 1, role)
    if reason and not lost:
        return entries.edited_by_hand(changes, notes=notes, refused=[reason])
    if answer is Answer.WAIVE:
        until = until or default_end()
    finding = state.finding if state else None
    proposed = finding.result.value if finding else ""
    signs = None if lost else signed(runbook, current, step, answer)
    decision = entries.decided(step, answer, note, until, proposed, role, signed=signs)
    by = changes.get("by", ("", ""))[1]
    decision["by"] = by if lost else f"{by} (by hand)".strip()
    decision["at"] = _time(changes)
    settles = state.doubts if state and answer in (Answer.PASS, Answer.FAIL) else ()
    return entries.edited_by_hand(changes, decision, notes=notes, settles=settles)


def _said(changes: Mapping[str, tuple[str, str]]) -> str | None:
    """Return the answer that was written, "" for none any more, None for no change."""
    for key in ("decision", "state"):
        if key in changes:
            said = changes[key][1].strip().lower()
            return "" if said in ("", Standing.PENDING.value) else said
    return None


def _new_notes(changes: Mapping[str, tuple[str, str]]) -> list[str]:
    if "notes" not in changes:
        return []
    before, after = (text.split("\n") for text in changes["notes"])
    return [note for note in after if note.strip() and note not in before]


def _time(changes: Mapping[str, tuple[str, str]]) -> str:
    """Return the time that was written where it is one, else now."""
    try:
        written = datetime.fromisoformat(changes["at"][1])
    except (KeyError, ValueError):
        written = None
    now = datetime.now(UTC)
    if written is None or written.tzinfo is None or written > now:
        written = now
    return written.isoformat(timespec="milliseconds")
