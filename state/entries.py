"""What the data of each kind of event holds: the only place that spells it.

One constructor a kind, and the way back for findings. Everything is plain JSON.
Kinds that are not here (``disarmed``-like marks without content) carry ``{}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from runbooks.changes import Description, Identity, Undo
from runbooks.model import Runbook, Step
from runbooks.results import Finding, Judged, Reading, Result, Soaked
from runbooks.tables import ActionSpec, CommandClass
from state.command_steps import belongs_to, decided_by, verifying
from state.evidence import Evidence
from state.standing import Answer, Decision, Signed

Data = dict[str, Any]


def run_opened(
    runbook: Runbook, target: str, steps: bool, start: int | None = None
) -> Data:
    """A screen opened the run; `steps` says whether the document is new to it.

    Args:
        start: when its process began, in clock ticks since boot: that tells it from a
            later one with the same number.

    ``steps`` lists ``[id, digest, section]`` in document order, so that a later
    opening can tell what changed; left out while the document stays the same.
    """
    data: Data = {
        "runbook": str(runbook.path.resolve()),
        "title": runbook.title,
        "digest": runbook.digest,
        "target": target,
        "start": start,
    }
    if steps:
        data["steps"] = [[s.id, s.digest, s.section] for s in runbook.steps]
    return data


def secret_shown(names: Iterable[str]) -> Data:
    """A person had the values of these variables shown on their screen."""
    return {"names": list(names)}


def handed_over(note: str) -> Data:
    """Somebody who leaves says what the next one on shift should know."""
    return {"note": note}


def clock_jumped(seconds: float, seq: int) -> Data:
    """The clock was set by so many seconds before the event *seq* was written."""
    return {"seconds": round(seconds, 3), "seq": seq}


def trusted(digest: str, path: str = "") -> Data:
    """The operator trusted a document (with *path*) or one command."""
    return {"digest": digest, "path": path}


def probe_finished(finding: Finding) -> Data:
    """What a probe found."""
    return {
        "result": finding.result.value,
        "reason": finding.reason,
        "judged": [
            {
                "name": judged.reading.name,
                "value": judged.reading.value,
                "unit": judged.reading.unit,
                "expected": judged.expected,
                "result": judged.result.value,
                "source": judged.source,
                "seconds": judged.seconds,
            }
            for judged in finding.judged
        ],
        "evidence": finding.evidence,
        "seconds": finding.seconds,
        "source": finding.source,
        "stage": finding.stage,
        "agreed": finding.agreed,
    }


def finding(data: Mapping[str, Any]) -> Finding:
    """Return the finding that `probe_finished` wrote."""
    return Finding(
        Result(data["result"]),
        data["reason"],
        tuple(
            Judged(
                Reading(judged["name"], judged["value"], judged["unit"]),
                judged["expected"],
                Result(judged["result"]),
                judged["source"],
                judged.get("seconds", 0.0),
            )
            for judged in data["judged"]
        ),
        data["evidence"],
        data["seconds"],
        data["source"],
        data.get("stage", ""),
        data.get("agreed", False),
    )


def soak_looked(soak: Soaked) -> Data:
    """One more look at a step that has to hold for a while."""
    data: Data = msgspec.to_builtins(soak)
    return data


def soak(data: Mapping[str, Any]) -> Soaked:
    """Return the soak that `soak_looked` wrote."""
    return msgspec.convert(data, Soaked)


def command_requested(
    runbook: Runbook,
    part: str,
    command: str,
    text: str,
    command_class: CommandClass,
    cwd: str = "",
) -> Data:
    """A command is about to start.

    Args:
        part: id of the part.
        command: name of its files under outputs/.
        text: what will run, redacted.

    ``decides`` is the step that its exit code decides (the part itself where it
    stands as a step, the task above it with ``use = "command"``), else "".
    ``parts`` is how many parts have to end with 0 for that step to pass.
    ``step`` is the one that it belongs to, ``verify`` those whose probes see what it
    did.
    """
    decides, parts = decided_by(runbook, part)
    step = belongs_to(runbook, part)
    return {
        "command": command,
        "part": part,
        "text": text,
        "class": command_class.value,
        "cwd": cwd,
        "decides": decides,
        "parts": parts,
        "step": step,
        "verify": list(verifying(runbook, step)),
    }


def command_started(command: str, pid: int = 0) -> Data:
    """The supervisor of a requested command runs."""
    return {"command": command, "pid": pid}


def command_finished(
    command: str,
    code: int | None,
    ending: str,
    seconds: float,
    values: Mapping[str, str] | None = None,
    size: int = 0,
    survivors: Iterable[str] = (),
) -> Data:
    """A command ended, or (ending ``in doubt``) nobody knows how.

    Args:
        ending: ``exit``, ``stopped``, ``wall limit``, ``silence limit``, ``in doubt``.
        values: what it wrote to ``$GONOGO_OUTPUT``, never secrets.
        size: bytes that it printed.
    """
    return {
        "command": command,
        "code": code,
        "ending": ending,
        "seconds": seconds,
        "values": dict(values or {}),
        "size": size,
        "survivors": list(survivors),
    }


def decided(
    step: Step,
    answer: Answer,
    note: str = "",
    until: str = "",
    proposed: str = "",
    role: str = "",
    batch: str = "",
    evidence: Evidence | None = None,
    signed: Signed | None = None,
) -> Data:
    """A person said something of a step.

    Args:
        until: last day of a waiver, ``YYYY-MM-DD``.
        proposed: result of the finding that the person saw, or "".
        batch: same for all steps that were answered at once, or "".
        evidence: what shows that it was done by hand; left out where there is none.
        signed: what it stands for; left out where the step covers no others.
    """
    data: Data = {
        "answer": answer.value,
        "note": note,
        "until": until,
        "digest": step.digest,
        "text": step.text,
        "proposed": proposed,
        "role": role,
        "batch": batch,
    }
    if evidence:
        data["evidence"] = msgspec.to_builtins(evidence)
    if signed:
        data["signed"] = msgspec.to_builtins(signed)
    return data


def signed(data: Mapping[str, Any]) -> Signed | None:
    """Return what a decision that `decided` wrote stands for, if it covers others."""
    return msgspec.convert(data["signed"], Signed) if "signed" in data else None


def undone(decision: Decision) -> Data:
    """The last decision was taken back; it is named, for the reader."""
    return {"answer": decision.answer.value, "by": decision.by, "at": decision.at}


def noted(text: str) -> Data:
    """A person noted something."""
    return {"text": text}


def attached(evidence: Evidence) -> Data:
    """A person attached evidence."""
    data: Data = msgspec.to_builtins(evidence)
    return data


def input_given(values: Mapping[str, str]) -> Data:
    """Placeholders were answered; remembered for the run, so never secrets."""
    return {"values": dict(values)}


def edited_by_hand(
    changes: Mapping[str, tuple[str, str]],
    decision: Data | None = None,
    withdrawn: bool = False,
    notes: Iterable[str] = (),
    refused: Iterable[str] = (),
    settles: Iterable[str] = (),
) -> Data:
    """Somebody edited the step's table in progress.toml.

    Args:
        changes: key to (value that gonogo wrote, value found).
        decision: as `decided` makes it, with ``by`` and ``at``, where one was made.
        withdrawn: the decision was deleted.
        notes: notes that were added.
        refused: why a change does not count, one sentence each.
        settles: ids of interrupted commands and actions of the step that the decision
            settles.
    """
    return {
        "changes": {key: list(values) for key, values in changes.items()},
        "decision": decision,
        "withdrawn": withdrawn,
        "notes": list(notes),
        "refused": list(refused),
        "settles": list(settles),
    }


def drift_found(
    new: Iterable[str],
    removed: Iterable[str],
    edited: Iterable[str],
    moved: Mapping[str, str],
) -> Data:
    """The document changed since the run was last opened.

    Args:
        moved: old step id to new; what is known of the step moves with it.
    """
    return {
        "new": list(new),
        "removed": list(removed),
        "edited": list(edited),
        "moved": dict(moved),
    }


def armed(reason: str, until: str) -> Data:
    """Changes are allowed until then (ISO 8601)."""
    return {"reason": reason, "until": until}


def disarmed(why: str) -> Data:
    """Changes are no longer allowed."""
    return {"why": why}


def lever_taken(before: str = "") -> Data:
    """This screen holds the right to change systems; *before* died with it, or ""."""
    return {"before": before}


def lever_asked(holder: Mapping[str, Any]) -> Data:
    """A person wants the right to change systems from *holder*, as events name one."""
    return {"holder": dict(holder)}


def lever_released(to: str = "") -> Data:
    """This screen gave the right to change systems back, to *to* if that is known."""
    return {"to": to}


def identity_recorded(identity: Identity) -> Data:
    """The profile's table led to this system at first contact."""
    data: Data = msgspec.to_builtins(identity)
    return data


def action_requested(
    command: str,
    asked: ActionSpec,
    description: Description,
    undoes: str = "",
    verify: Iterable[str] = (),
) -> Data:
    """An action is about to start.

    Args:
        command: name of its files under outputs/.
        undoes: id of the action that it takes back, or "".
        verify: ids of the steps whose probes see what it did.
    """
    return {
        "command": command,
        "use": asked.use,
        "parameters": dict(asked.parameters),
        "title": description.title,
        "identity": msgspec.to_builtins(description.identity),
        "calls": [call.text for call in description.calls],
        "things": [f"{thing.kind}/{thing.name}" for thing in description.things],
        "undo": msgspec.to_builtins(description.way_back(asked)),
        "takes": description.seconds,
        "point_of_no_return": description.point_of_no_return,
        "watch": description.watch,
        "loose_end": description.loose_end,
        "before": dict(description.snapshot),
        "undoes": undoes,
        "verify": list(verify),
    }


def undo_of(data: Mapping[str, Any]) -> Undo:
    """Return how the action that `action_requested` wrote is taken back."""
    return msgspec.convert(data["undo"], Undo)


def action_finished(
    command: str, ending: str, seconds: float, says: str, after: Mapping[str, str]
) -> Data:
    """An action ended.

    Args:
        ending: ``done``, ``failed``, ``refused`` (nothing was changed) or
            ``in doubt`` (nobody knows).
        says: what the state is now and what to do next.
    """
    return {
        "command": command,
        "ending": ending,
        "seconds": seconds,
        "says": says,
        "after": dict(after),
    }


def settled(id: str, note: str, verified: Iterable[str] = ()) -> Data:
    """What was interrupted is in doubt no longer.

    Args:
        id: of the command or action.
        note: a person's reason, or what the probes said.
        verified: ids of the steps whose probes settled it; none where a person did.
    """
    return {"id": id, "note": note, "verified": list(verified)}


def profile_read(profile: Mapping[str, str]) -> Data:
    """What the profile says now; recorded when the run does not know it.

    Args:
        profile: dotted name to value, as text; no secret is among them.
    """
    return {"profile": dict(profile)}


def identity_seen(identity: Identity) -> Data:
    """The system that the profile's table leads to now; recorded as a profile is."""
    data: Data = msgspec.to_builtins(identity)
    return data


def loose_end_accepted(command: str, note: str) -> Data:
    """A person leaves what that action changed as it is."""
    return {"command": command, "note": note}
