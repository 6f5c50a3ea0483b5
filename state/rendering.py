"""What progress.toml says of one step, as TOML text and as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from runbooks.model import Step
from runbooks.unseen import escaped
from state.progress import Progress
from state.standing import StepState
from state.verdict import effective

Value = str | int | bool | list[str]

KEYS = ("text", "state", "decision", "by", "at", "note", "until", "role", "notes")
"""Keys of a step's table in their order, as far as a person may edit them."""

SEEN = ("evidence", "result", "reason", "probed", "exit")
"""Further keys, which gonogo only shows."""

HEADER = """\
# Where each step stands. gonogo reads this file back: you may add comments, keys
# of your own, notes, and decisions (decision = "pass", "fail", "skip", "n/a",
# "waive" or "done", with a note). The journal beside it holds every change.
"""


def step_values(step: Step | None, state: StepState | None) -> dict[str, Value]:
    """Return what the table of a step says, in the order of its keys.

    The state is that of the moment of its last change: a file does not age.
    """
    values: dict[str, Value] = {"text": step.text if step else ""}
    if state is None:
        return values | {"state": "pending"}
    if step is None:
        values["text"] = state.text
    values["state"] = _standing(step, state) if step else "removed"
    if decision := state.decision:
        values |= {
            "decision": decision.answer.value,
            "by": decision.by,
            "at": decision.at,
        }
        if decision.note:
            values["note"] = decision.note
        if decision.until:
            values["until"] = decision.until
        if decision.role:
            values["role"] = decision.role
    if state.notes:
        values["notes"] = list(state.notes)
    if state.attachments:
        values["evidence"] = [
            shown(f"{item.kind}: {item.value}") for item in state.attachments
        ]
    if state.finding:
        values["result"] = state.finding.result.value
        values["reason"] = shown(state.finding.reason)
        values["probed"] = state.probed_at
    codes = [c.code for c in state.commands if c.code is not None]
    if codes:
        values["exit"] = max(codes, key=abs)
    return values


def _standing(step: Step, state: StepState) -> str:
    touched = [state.probed_at, state.decision.at if state.decision else ""]
    try:
        then = datetime.fromisoformat(max(filter(None, touched), default=""))
    except ValueError:
        then = datetime.now(UTC)
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return effective(step, state, then).value


SHOWN = 200
"""Characters of evidence, or of a reason, that a table shows; the journal has all."""


def shown(text: str) -> str:
    """Return *text*, cut where it is no sentence but output."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def run_values(progress: Progress, counted: tuple[int, int]) -> dict[str, Value]:
    """Return what the ``[run]`` table says: all that the list of runs shows."""
    return {
        "version": 1,
        "runbook": progress.runbook,
        "title": progress.title,
        "target": progress.target,
        "done": counted[0],
        "total": counted[1],
        "by": progress.acted_by,
        "at": progress.acted_at,
    }


def toml(values: Mapping[str, Value]) -> str:
    """Return *values* as TOML lines."""
    return "".join(f"{key} = {toml_value(value)}\n" for key, value in values.items())


def toml_value(value: Value) -> str:
    if isinstance(value, list):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    if isinstance(value, str):
        return quoted(value)
    return str(value).lower()


def quoted(text: str) -> str:
    """Return *text* as a basic string of TOML: JSON's, what nobody sees escaped."""
    try:
        json = msgspec.json.encode(text).decode()
    except UnicodeEncodeError:
        return quoted(text.encode("utf-8", "backslashreplace").decode())
    return escaped(json)


def step_header(step_id: str) -> str:
    return f"[step.{quoted(step_id)}]\n"


def as_text(value: Any) -> str:
    """Return a value that a person wrote as the text that gonogo compares."""
    if isinstance(value, list):
        return "\n".join(as_text(item) for item in value)
    return str(value)
