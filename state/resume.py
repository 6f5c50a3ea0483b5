"""What changed in the document since a run was last open, and while one was away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from runbooks.model import Runbook
from state import entries
from state.standing import Standing
from state.verdict import effective

if TYPE_CHECKING:
    from state.run import Run


@dataclass(frozen=True, slots=True)
class Drift:
    """How a document differs from what it was; all are step ids.

    Attributes:
        edited: steps whose text, declaration or commands changed.
        moved: old id to new, for steps that go on under another id: the same
            content elsewhere, or other content in the same place (then also in
            `edited`).
    """

    new: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)

    @property
    def any(self) -> bool:
        return bool(self.new or self.removed or self.edited or self.moved)

    def as_data(self) -> dict[str, Any]:
        return entries.drift_found(self.new, self.removed, self.edited, self.moved)


def drift(old: Mapping[str, str], runbook: Runbook) -> Drift:
    """Compare the step digests of an earlier opening, in order, with *runbook*."""
    now = {step.id: step.digest for step in runbook.steps}
    if not old or old == now:
        return Drift()
    edited = [step for step in now if step in old and old[step] != now[step]]
    gone = [step for step in old if step not in now]
    come = [step for step in now if step not in old]
    moved = _same_content(old, now, gone, come)
    taken = set(moved.values())
    replaced = _same_place(
        list(old),
        list(now),
        {step for step in gone if step not in moved},
        {step for step in come if step not in taken},
    )
    moved |= replaced
    taken = set(moved.values())
    return Drift(
        new=tuple(step for step in come if step not in taken),
        removed=tuple(step for step in gone if step not in moved),
        edited=(*edited, *replaced.values()),
        moved=moved,
    )


def _same_content(
    old: Mapping[str, str],
    now: Mapping[str, str],
    gone: Sequence[str],
    come: Sequence[str],
) -> dict[str, str]:
    """Pair steps that only changed their place; equal twins in their order."""
    waiting: dict[str, list[str]] = {}
    for step in come:
        waiting.setdefault(now[step], []).append(step)
    return {step: waiting[old[step]].pop(0) for step in gone if waiting.get(old[step])}


def _same_place(
    old: Sequence[str], now: Sequence[str], gone: set[str], come: set[str]
) -> dict[str, str]:
    """Pair steps that stand between the same neighbours, where they are as many."""
    before, after = _runs(old, gone), _runs(now, come)
    return {
        one: other
        for place, steps in before.items()
        if len(steps) == len(after.get(place, ()))
        for one, other in zip(steps, after[place], strict=True)
    }


def _runs(order: Sequence[str], wanted: set[str]) -> dict[str, list[str]]:
    """Return the wanted steps by the last unwanted one before them."""
    found: dict[str, list[str]] = {}
    neighbour = ""
    for step in order:
        if step in wanted:
            found.setdefault(neighbour, []).append(step)
        else:
            neighbour = step
    return found


@dataclass(frozen=True, slots=True)
class Changes:
    """What an operator who comes back should know; all are step ids.

    Attributes:
        sentence: for the top of the screen, or "" when nothing changed.
    """

    new: tuple[str, ...]
    removed: tuple[str, ...]
    edited: tuple[str, ...]
    moved: tuple[str, ...]
    stale: tuple[str, ...]
    sentence: str


def changes(run: Run, runbook: Runbook, now: datetime | None = None) -> Changes:
    """Return what changed since the run was last open.

    Args:
        now: with a time zone, in which times are told; else the local one.
    """
    now = now or datetime.now().astimezone()
    found = run.drift
    stale = tuple(
        step.id
        for step in runbook.steps
        if effective(step, run.progress.get(step.id), now) is Standing.STALE
    )
    edited = set(found.edited)
    moved = tuple(step for step in found.moved.values() if step not in edited)
    counts = [
        (len(found.edited), "edited"),
        (len(found.new), "new"),
        (len(found.removed), "removed"),
        (len(moved), "moved"),
        (len(stale), "stale"),
    ]
    told = [f"{count} {word}" for count, word in counts if count]
    if told:
        first, *rest = told
        number, word = first.split()
        noun = "step" if number == "1" else "steps"
        sentence = ", ".join([f"{number} {noun} {word}", *rest])
        sentence += since(run.left_at, now)
    else:
        sentence = ""
    return Changes(found.new, found.removed, found.edited, moved, stale, sentence)


def since(at: str, now: datetime) -> str:
    """Return `` since yesterday 17:02``, or "" where *at* is no time."""
    try:
        then = datetime.fromisoformat(at).astimezone(now.tzinfo)
    except ValueError:
        return ""
    days = (now.date() - then.date()).days
    day = {0: "", 1: "yesterday "}.get(days, f"{then:%Y-%m-%d} ")
    return f" since {day}{then:%H:%M}"
