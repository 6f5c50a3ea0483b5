"""Where everything stands: what the journal's events add up to.

`apply` is the only thing that changes it, so that a running screen and a replay
of the journal cannot disagree.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec.structs import replace

from runbooks.arming import Arming
from runbooks.changes import Identity
from runbooks.errors import StateError
from runbooks.events import Event, Kind
from runbooks.results import Finding, Result
from runbooks.tables import CommandClass
from state import acted, against, crew, doubts, entries
from state.acted import Actions
from state.against import Baseline, HandEdit
from state.author import person
from state.crew import Member, Place
from state.doubts import Doubt
from state.standing import EMPTY, Answer, Attachment, Command, Decision, StepState


class HandOver(msgspec.Struct, frozen=True):
    """What somebody who left said to the next one on shift.

    Attributes:
        at: ISO 8601.
    """

    note: str
    by: str
    at: str


@dataclass(slots=True)
class Progress:
    """The sum of events.

    The values in the mappings are replaced, never changed, so another thread may
    look them up while events are applied (but must copy before it iterates).

    Attributes:
        seq: sequence number of the last event.
        head: sha256 of its line, where somebody filled it in.
        steps: id to what is known of the step; steps never touched are absent.
        commands: part id to its last run.
        running: command id to part id, of commands that have not ended.
        started_by: command or action id to where it was started, of the same.
        deciding: command id to the step that its exit code decides, or "".
        inputs: remembered placeholder answers and outputs of commands.
        actions: what was changed by actions, by id, in order.
        handed_over: notes of those who left, oldest first.
        arming: that changes are allowed, and until when; it may be over.
        document: digest of the runbook at the last opening.
        digests, sections: step id to its digest and section, in the order of that
            document.
        profile: what the profile said at the last opening, by dotted name.
        systems: table of the profile to the system that it led to when the run began.
        seen: the same, at the last look.
        doubts: what was interrupted and is not settled, by id.
        edits: what was changed in progress.toml, oldest first.
        baseline: what a person who comes back knows already.
        members: who opened the run and has not closed it; some may be dead.
        at, by: time of the last event and the person behind it.
        acted_at, acted_by: the same of the last event by which a person acted.
    """

    seq: int = 0
    head: str = ""
    steps: dict[str, StepState] = field(default_factory=dict)
    commands: dict[str, Command] = field(default_factory=dict)
    running: dict[str, str] = field(default_factory=dict)
    started_by: dict[str, Place] = field(default_factory=dict)
    members: dict[Place, Member] = field(default_factory=dict)
    deciding: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    actions: Actions = field(default_factory=dict)
    handed_over: tuple[HandOver, ...] = ()
    arming: Arming | None = None
    runbook: str = ""
    title: str = ""
    target: str = ""
    document: str = ""
    digests: dict[str, str] = field(default_factory=dict)
    sections: dict[str, str] = field(default_factory=dict)
    profile: Mapping[str, str] | None = None
    systems: Mapping[str, Identity] = field(default_factory=dict)
    seen: Mapping[str, Identity] = field(default_factory=dict)
    doubts: Mapping[str, Doubt] = field(default_factory=dict)
    edits: tuple[HandEdit, ...] = ()
    baseline: Baseline | None = None
    at: str = ""
    by: str = ""
    acted_at: str = ""
    acted_by: str = ""

    def copy(self) -> Progress:
        """Return an independent copy."""
        return dataclasses.replace(
            self,
            steps=self.steps.copy(),
            commands=self.commands.copy(),
            running=self.running.copy(),
            started_by=self.started_by.copy(),
            deciding=self.deciding.copy(),
            inputs=self.inputs.copy(),
            actions=self.actions.copy(),
        )


def apply(progress: Progress, event: Event) -> set[str]:
    """Add *event* to *progress* and return the ids of the steps it touched.

    Raises:
        StateError: its data is not what `state.entries` writes; it is left out.
    """
    try:
        return _apply(progress, event)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateError(
            f"Event {event.seq} ({event.kind}) of the journal cannot be understood; "
            "it was left out."
        ) from error


def _apply(progress: Progress, event: Event) -> set[str]:
    progress.seq, progress.at = event.seq, event.at
    progress.by = person(event.by)
    if event.kind not in _MACHINE and not event.data.get("verified"):
        progress.acted_at, progress.acted_by = progress.at, progress.by
    data, step = event.data, event.step
    match event.kind:
        case Kind.RUN_OPENED:
            against.opened(progress, data)
            progress.members = crew.apply(progress.members, event)
        case Kind.RUN_CLOSED:
            progress.members = crew.apply(progress.members, event)
        case Kind.DRIFT_FOUND:
            return against.drifted(progress, data)
        case Kind.COMMAND_REQUESTED:
            return _requested(progress, event)
        case Kind.COMMAND_FINISHED:
            return _finished(progress, event)
        case Kind.INPUT_GIVEN:
            progress.inputs.update(data["values"])
        case Kind.ARMED:
            by = person(event.by)
            progress.arming = Arming(
                data["reason"], data["until"], by, event.at, event.mono, event.boot
            )
        case Kind.DISARMED:
            progress.arming = None
        case Kind.HANDED_OVER:
            note = HandOver(data["note"], person(event.by), event.at)
            progress.handed_over = (*progress.handed_over, note)
        case Kind.ACTION_REQUESTED | Kind.ACTION_FINISHED | Kind.LOOSE_END_ACCEPTED:
            acted.apply(progress.actions, event)
            if event.kind is Kind.ACTION_REQUESTED:
                progress.started_by[data["command"]] = crew.place(event.by)
            elif event.kind is Kind.ACTION_FINISHED:
                progress.started_by.pop(data["command"], None)
                return doubts.action_ended(progress, data["command"])
        case Kind.SETTLED:
            return doubts.settle(progress, data["id"], data["note"])
        case Kind.PROFILE_READ:
            return against.profile_read(progress, data)
        case Kind.IDENTITY_SEEN:
            return against.system_seen(progress, data)
        case Kind.RESUMED:
            progress.baseline = against.baseline(progress)
        case _ if step is not None:
            return _about(progress, step, event)
    return set()


def _about(progress: Progress, step: str, event: Event) -> set[str]:
    data = event.data
    if event.kind is Kind.PROBE_FINISHED and progress.doubts:
        doubts.looked(progress, step, data["result"] == Result.PASS)
    touched = set()
    if event.kind is Kind.EDITED_BY_HAND:
        changes = {key: (old, new) for key, (old, new) in data["changes"].items()}
        edit = HandEdit(step, changes, tuple(data["refused"]))
        progress.edits = (*progress.edits, edit)
        for id in data.get("settles", ()):
            touched |= doubts.settle(progress, id, data["decision"]["note"])
    old = progress.steps.get(step, EMPTY)
    new = _step(old, event)
    if new is not old:
        progress.steps[step] = new
        touched.add(step)
    return touched


_MACHINE = {
    Kind.PROBE_FINISHED,
    Kind.SOAK_LOOKED,
    Kind.COMMAND_FINISHED,
    Kind.ACTION_FINISHED,
    Kind.DRIFT_FOUND,
    Kind.PROFILE_READ,
    Kind.IDENTITY_SEEN,
    Kind.CLOCK_JUMPED,
}


def _step(old: StepState, event: Event) -> StepState:
    data = event.data
    match event.kind:
        case Kind.PROBE_FINISHED:
            return found(old, entries.finding(data), event.at)
        case Kind.SOAK_LOOKED:
            return replace(old, soak=entries.soak(data))
        case Kind.DECIDED:
            made = _decision(data, person(event.by), event.at, event.seq)
            new = _decide(replace(old, text=data["text"]), made)
            shown = data.get("evidence")
            return _attach(new, shown, event) if shown else new
        case Kind.UNDONE:
            return _withdraw(old)
        case Kind.NOTED:
            return replace(old, notes=(*old.notes, data["text"]))
        case Kind.ATTACHED:
            return _attach(old, data, event)
        case Kind.EDITED_BY_HAND:
            new = replace(old, notes=(*old.notes, *data["notes"]))
            if data["withdrawn"]:
                return replace(new, decision=None, earlier=())
            if said := data["decision"]:
                made = _decision(said, said["by"], said["at"], event.seq)
                return _decide(replace(new, text=said["text"]), made)
            return new if data["notes"] else old
    return old


def _attach(old: StepState, said: Mapping[str, Any], event: Event) -> StepState:
    attached = Attachment(
        said["kind"],
        said["value"],
        person(event.by),
        event.at,
        said.get("digest", ""),
    )
    return replace(old, attachments=(*old.attachments, attached))


def found(old: StepState, finding: Finding, at: str) -> StepState:
    """Return *old* with a new finding.

    A step that passed and now fails is marked as regressed until it no longer
    fails; not being able to look in between changes nothing.
    """
    passed, regressed_at = old.passed, old.regressed_at
    match finding.result:
        case Result.FAIL if passed and not regressed_at:
            regressed_at = at
        case Result.PASS:
            passed, regressed_at = finding.reason, ""
        case Result.WARN | Result.NA:
            regressed_at = ""
    soak = old.soak and replace(old.soak, due="")
    return replace(
        old,
        finding=finding,
        probed_at=at,
        passed=passed,
        regressed_at=regressed_at,
        soak=soak,
        outdated="",
    )


def _decision(data: Mapping[str, Any], by: str, at: str, seq: int) -> Decision:
    return Decision(
        Answer(data["answer"]),
        by,
        at,
        data["note"],
        data["until"],
        data["digest"],
        data["proposed"],
        data["role"],
        signed=entries.signed(data),
        seq=seq,
    )


def _decide(old: StepState, made: Decision) -> StepState:
    earlier = (*old.earlier, old.decision) if old.decision else old.earlier
    return replace(old, decision=made, earlier=earlier)


def _withdraw(old: StepState) -> StepState:
    if old.decision is None:
        return old
    *rest, last = old.earlier or (None,)
    return replace(old, decision=last, earlier=tuple(d for d in rest if d))


def _requested(progress: Progress, event: Event) -> set[str]:
    data = event.data
    command = Command(
        data["command"],
        data["part"],
        data["text"],
        person(event.by),
        event.at,
        command_class=data["class"],
        step=data.get("step", data["decides"]),
        verify=tuple(data.get("verify", ())),
        seq=event.seq,
    )
    touched = doubts.run_again(progress, command.part)
    progress.commands[command.part] = command
    progress.running[command.id] = command.part
    progress.started_by[command.id] = crew.place(event.by)
    progress.deciding[command.id] = data["decides"]
    return touched | _deciding(progress, data["decides"], command, data["parts"])


def _finished(progress: Progress, event: Event) -> set[str]:
    data = event.data
    part = progress.running.pop(data["command"], "")
    progress.started_by.pop(data["command"], None)
    step = progress.deciding.pop(data["command"], "")
    command = progress.commands.get(part)
    progress.inputs.update(data["values"])
    if command is None or command.id != data["command"]:
        return set()  # the part was started again before this run of it ended
    command = replace(
        command, code=data["code"], ending=data["ending"], seconds=data["seconds"]
    )
    progress.commands[part] = command
    parts = progress.steps.get(step, EMPTY).parts
    touched = _deciding(progress, step, command, parts)
    if command.in_doubt and (step or command.command_class != CommandClass.OBSERVE):
        touched |= doubts.begin(progress, doubts.of_command(command))
    return touched


def _deciding(progress: Progress, step: str, command: Command, parts: int) -> set[str]:
    if not step:
        return set()
    old = progress.steps.get(step, EMPTY)
    others = tuple(run for run in old.commands if run.part != command.part)
    progress.steps[step] = replace(
        old, commands=(*others, command), parts=parts, outdated=""
    )
    return {step}
