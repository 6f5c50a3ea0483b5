"""Events in a few words, for the last line of the screen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from runbooks.events import Event, Kind
from runbooks.model import Step
from state.acted import Acted, unlike_before
from state.author import person
from state.clock import said
from state.standing import Answer
from tui.widgets.wording import ANSWERS


def of_step(event: Event, step: Step) -> str:
    """What was written down, for the last line; "" for what needs no telling."""
    who, data = person(event.by), event.data
    match event.kind:
        case Kind.DECIDED:
            return (
                f"#{event.seq} {who}: {ANSWERS[Answer(data['answer'])]} – {step.text}"
            )
        case Kind.UNDONE:
            return f"#{event.seq} {who} took back: {step.text}"
        case Kind.NOTED:
            return f"#{event.seq} {who} noted on: {step.text}"
        case Kind.ATTACHED:
            return f"#{event.seq} {who} attached evidence to: {step.text}"
        case Kind.SETTLED:
            return f"#{event.seq} settled: {step.text} – {data['note']}"
        case Kind.EDITED_BY_HAND:
            return f"#{event.seq} edited by hand: {step.text}"
        case _:
            return ""


def of_action(actions: Mapping[str, Acted], acted: Acted) -> str:
    """How an action ended; of a taking back, whether all is as it was."""
    undone = actions.get(acted.undoes)
    if undone is None or acted.ending != "done":
        return f"{acted.ending}: {acted.title}. {acted.says}"
    differs = "; ".join(unlike_before(actions, acted))
    how = f"but not as before: {differs}." if differs else "all is as it was before."
    return f"Taken back: {undone.title}; {how}"


def of_changes(event: Event) -> str:
    """Who may change systems, and which; "" for what is shown elsewhere."""
    who, data = person(event.by), event.data
    match event.kind:
        case Kind.ARMED:
            until = datetime.fromisoformat(data["until"]).astimezone(UTC)
            return f"{who} is armed until {until:%H:%MZ}: {data['reason']}"
        case Kind.DISARMED:
            why = data["why"]
            return f"Disarmed, {why}: nothing is changed any more, what runs goes on."
        case Kind.LEVER_TAKEN:
            before = f", after {data['before']} died" if data["before"] else ""
            return f"{who} has the lever and may change systems now{before}."
        case Kind.LEVER_ASKED:
            return f"{who} takes the lever over from {person(data['holder'])}."
        case Kind.LEVER_RELEASED:
            to = f" to {data['to']}" if data["to"] else ""
            return f"{who} gave the lever up{to}; what runs goes on."
        case Kind.HANDED_OVER:
            return f"{who} leaves and says: {data['note']}"
        case Kind.IDENTITY_RECORDED:
            return f"Met for the first time, and remembered: {data['says']}"
        case Kind.CLOCK_JUMPED:
            return (
                f"The clock of {event.by['host']} {said(data['seconds'])} before event "
                f"{data['seq']}; events keep their order."
            )
        case Kind.LOOSE_END_ACCEPTED:
            return f"{who} leaves it as it is: {data['note']}"
        case _:
            return ""
