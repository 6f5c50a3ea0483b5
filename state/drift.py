"""How a document differs from what it was when a run was last open."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runbooks.model import Runbook
from state import entries


@dataclass(frozen=True, slots=True)
class Drift:
    """How a document differs from what it was; all are step ids.

    Attributes:
        edited: steps whose text, declaration or commands changed.
        moved: old id to new, for steps that go on under another id: the same
            content elsewhere, or other content in the same place (then also in
            `edited`); and those that keep their id in another section or order.
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


def drift(
    old: Mapping[str, str], runbook: Runbook, sections: Mapping[str, str] | None = None
) -> Drift:
    """Compare the step digests of an earlier opening, in order, with *runbook*.

    Args:
        sections: step id to the section in which it stood; what is not known of may
            have stood where it is now.
    """
    now = {step.id: step.digest for step in runbook.steps}
    places = {step.id: step.section for step in runbook.steps}
    before = {step: place for step, place in (sections or {}).items() if step in now}
    same_places = all(places[step] == place for step, place in before.items())
    if list(old.items()) == list(now.items()) and same_places:
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
    kept = [step for step in old if step in now]
    elsewhere = {step for step, place in before.items() if places[step] != place}
    shifted = elsewhere | _out_of_order(kept, list(now))
    moved |= {step: step for step in kept if step in shifted}
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


def _out_of_order(kept: Sequence[str], now: Sequence[str]) -> set[str]:
    """Return the fewest of *kept*, in old order, that were put elsewhere among them.

    The others are a longest ascending sequence of their new places.
    """
    place = {step: number for number, step in enumerate(now)}
    ends: list[int] = []  # the smallest place that a sequence of each length ends in
    lengths = []
    for step in kept:
        at = bisect_left(ends, place[step])
        ends[at : at + 1] = [place[step]]
        lengths.append(at + 1)
    wanted, stays = len(ends), set()
    for step, length in zip(reversed(kept), reversed(lengths), strict=True):
        if length == wanted:
            stays.add(step)
            wanted -= 1
    return set(kept) - stays
