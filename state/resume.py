"""What an operator who comes back to a run should know, in the order of its weight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from runbooks.model import Row
from runbooks.tables import Level
from state.comparing import Compared, Sort
from state.doubts import SAYS
from state.judging import age_of, effective
from state.standing import Standing

if TYPE_CHECKING:
    from runbooks.identity_of import Met

AWAY = timedelta(hours=1)
"""Time away after which all that has aged is shown; before, a sentence will do."""
AGAIN = frozenset({Standing.STALE, Standing.IN_DOUBT})
OPEN = frozenset({Standing.PENDING, Standing.PROPOSED, Standing.RUNNING})


class Kind(StrEnum):
    """What a group of lines is about; in this order."""

    HANDED_OVER = "Handed over"
    AT_WORK = "Running and in doubt"
    LOOSE_ENDS = "Loose ends"
    WORSE = "Got worse"
    WAIVERS = "Waivers that end"
    SYSTEMS = "Another system answers"
    PROFILE = "The profile changed"
    BY_HAND = "Edited by hand in progress.toml"
    UNCHANGED = "Unchanged"
    EDITED = "Edited"
    MOVED = "Moved"
    NEW = "New"
    REMOVED = "Removed"
    STALE = "Stale"
    IN_DOUBT = "In doubt"


WORTH = frozenset(Kind) - {
    Kind.AT_WORK,
    Kind.LOOSE_ENDS,
    Kind.WORSE,
    Kind.WAIVERS,
    Kind.UNCHANGED,
    Kind.STALE,
}
"""What a person should see at once."""
AGED = frozenset({Kind.AT_WORK, Kind.LOOSE_ENDS, Kind.WAIVERS, Kind.STALE})
"""What who was away for a while should see."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line.

    Attributes:
        says: what about it.
        row: of the checklist, where it leads; None where there is none.
        more: lines below it, such as a diff.
    """

    text: str
    says: str = ""
    row: Row | None = None
    more: tuple[str, ...] = ()


Groups = Mapping[Kind, Sequence[Item]]


@dataclass(frozen=True, slots=True)
class Resumption:
    """What changed while a person was away.

    Attributes:
        groups: what there is to tell, in order; none is empty.
        sorts: what became of each step, each exactly once.
        again: ids of the steps to be done again.
        by_machine: those of them that a probe does again by itself.
        stands: how many steps stand as they were answered.
        open: how many nobody has answered.
        away: since a person last acted.
        worth: whether a person should see all of it now.
    """

    groups: Groups
    sorts: Mapping[str, Sort]
    again: tuple[str, ...]
    by_machine: tuple[str, ...]
    stands: int
    open: int
    away: timedelta
    worth: bool


def resumption(
    compared: Compared, met: Met | None = None, now: datetime | None = None
) -> Resumption:
    """Return what changed since a person last acted in a run.

    Args:
        met: which systems the profile leads to now, as far as they were asked.
        now: with a time zone, in which times are told; else the local one.
    """
    from state.resume_lines import Telling

    now = now or datetime.now().astimezone()
    sorts = compared.sorts(now)
    telling = Telling(compared, sorts, met or {}, now)
    groups = {kind: items for kind, items in telling.groups() if items}
    known = compared.state.steps
    steps = compared.runbook.steps
    standings = {each.id: effective(each, known.get(each.id), now) for each in steps}
    again = [step for step in steps if standings[step.id] in AGAIN]
    by_machine = [
        step
        for step in again
        if standings[step.id] is Standing.STALE and step.level is Level.AUTO
    ]
    counts = Counter(standings.values())
    away = age_of(compared.left_at, now) if compared.left_at else timedelta()
    return Resumption(
        groups=groups,
        sorts=sorts,
        again=tuple(step.id for step in again),
        by_machine=tuple(step.id for step in by_machine),
        stands=sum(n for s, n in counts.items() if s not in AGAIN and s not in OPEN),
        open=sum(counts[standing] for standing in OPEN),
        away=away,
        worth=_worth(compared, groups, away),
    )


def _worth(compared: Compared, groups: Groups, away: timedelta) -> bool:
    """Whether something happened that a person should see before all else."""
    if WORTH & groups.keys() or (away > AWAY and AGED & groups.keys()):
        return True
    if any(item.says.startswith(SAYS) for item in groups.get(Kind.AT_WORK, ())):
        return True
    states = compared.state.steps.values()
    return any(state.regressed_at > compared.left_at for state in states)


def in_short(compared: Compared, now: datetime | None = None) -> str:
    """Return the changes as one sentence, "" where there is none."""
    now = now or datetime.now().astimezone()
    counts = Counter(compared.sorts(now).values())
    order = (Sort.EDITED, Sort.NEW, Sort.REMOVED, Sort.MOVED, Sort.STALE, Sort.IN_DOUBT)
    told = [f"{counts[sort]} {sort.value}" for sort in order if counts[sort]]
    changed = len(list(compared.profile_changes()))
    if not told and not changed:
        return ""
    words = told[:1]
    if told:
        number, _, word = told[0].partition(" ")
        words = [f"{number} {'step' if number == '1' else 'steps'} {word}"]
    if changed:
        told.append(f"{changed} of the profile changed")
    return ", ".join([*words, *told[1:]] or told) + since(compared.left_at, now)


def since(at: str, now: datetime) -> str:
    """Return `` since yesterday 17:02``, or "" where *at* is no time."""
    told = moment(at, now)
    return f" since {told}" if told else ""


def moment(at: str, now: datetime) -> str:
    """Return ``yesterday 17:02``, or "" where *at* is no time."""
    try:
        then = datetime.fromisoformat(at).astimezone(now.tzinfo)
    except ValueError:
        return ""
    return clock_words(then, (now.date() - then.date()).days)


def clock_words(then: datetime, days: int) -> str:
    """Return a time of so many days ago as people say it."""
    day = {0: "", 1: "yesterday "}.get(days, f"{then:%Y-%m-%d} ")
    return f"{day}{then:%H:%M}"
