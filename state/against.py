"""What a run is against: its runbook, its profile and the systems that this leads to.

Where one of them changes, what was found before counts no more; what a person who
comes back knows already is the baseline.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from runbooks.changes import Identity
from state import doubts
from state.standing import EMPTY, Decision, StepState

if TYPE_CHECKING:
    from state.progress import Progress


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was against when a person last saw what had changed.

    Attributes:
        document: digest of the runbook.
        digests, sections: step id to its digest and section, in document order.
        profile: dotted name to value; None where nobody has read one.
        handed_over: how many notes there were of those who left.
        edits: how many edits by hand there were.
    """

    document: str = ""
    digests: Mapping[str, str] = {}
    sections: Mapping[str, str] = {}
    profile: Mapping[str, str] | None = None
    handed_over: int = 0
    edits: int = 0


class HandEdit(msgspec.Struct, frozen=True):
    """What somebody changed in progress.toml.

    Attributes:
        changes: key to the value that gonogo wrote and the one that was found.
        refused: why something of it does not count.
    """

    step: str
    changes: Mapping[str, tuple[str, str]]
    refused: tuple[str, ...]


def opened(progress: Progress, data: Mapping[str, Any]) -> None:
    progress.runbook, progress.title = data["runbook"], data["title"]
    progress.document, progress.target = data["digest"], data["target"]
    if "steps" in data:
        progress.digests = {step: digest for step, digest, *_ in data["steps"]}
        # Journals of before say nothing of sections.
        progress.sections = {
            s: place for s, _, *more in data["steps"] for place in more
        }
    if progress.baseline is None:
        progress.baseline = baseline(progress)


def baseline(progress: Progress) -> Baseline:
    return Baseline(
        document=progress.document,
        digests=progress.digests,
        sections=progress.sections,
        profile=progress.profile,
        handed_over=len(progress.handed_over),
        edits=len(progress.edits),
    )


def drifted(progress: Progress, data: Mapping[str, Any]) -> set[str]:
    moved: dict[str, str] = data["moved"]
    states = {new: progress.steps.pop(old, EMPTY) for old, new in moved.items()}
    progress.steps.update((new, s) for new, s in states.items() if s is not EMPTY)
    doubts.moved(progress, moved)
    edited = _outdate(progress, data["edited"], "the runbook changed")
    return {*moved, *moved.values(), *edited}


def profile_read(progress: Progress, data: Mapping[str, Any]) -> set[str]:
    before, progress.profile = progress.profile, data["profile"]
    if before is None:
        if progress.baseline and progress.baseline.profile is None:
            progress.baseline = replace(progress.baseline, profile=progress.profile)
        return set()
    names = {k for k in {*before, *data["profile"]} if _differ(before, data, k)}
    steps = list(progress.steps)
    if all(name.startswith("thresholds.") for name in names):
        inner = {name.removeprefix("thresholds.") for name in names}
        steps = [s for s in steps if any(name.startswith(f"{s}.") for name in inner)]
    return _outdate(progress, steps, "the profile changed")


def _differ(before: Mapping[str, str], data: Mapping[str, Any], name: str) -> bool:
    return bool(before.get(name) != data["profile"].get(name))


def system_seen(progress: Progress, data: Mapping[str, Any]) -> set[str]:
    found = Identity(data["table"], data["id"], data["says"])
    before = progress.seen.get(found.table)
    progress.seen = {**progress.seen, found.table: found}
    if found.table not in progress.systems:
        progress.systems = {**progress.systems, found.table: found}
    if before is None or before.id == found.id:
        return set()
    return _outdate(progress, list(progress.steps), f"another {found.table} answers")


def _outdate(progress: Progress, steps: Iterable[str], why: str) -> set[str]:
    """What was found of these steps, by a machine or a command, counts no more."""
    touched = set()
    for step in steps:
        old = progress.steps.get(step)
        if old and (old.finding or old.commands):
            progress.steps[step] = _outdated(old, why)
            touched.add(step)
    return touched


def _outdated(old: StepState, why: str) -> StepState:
    return replace(
        old,
        outdated=why,
        soak=None,
        decision=_of_before(old.decision) if old.decision else None,
        earlier=tuple(map(_of_before, old.earlier)),
    )


def _of_before(decision: Decision) -> Decision:
    return replace(decision, outdated=True)
