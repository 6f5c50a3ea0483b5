"""Which faults `gonogo rehearse` is to begin with, by name."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from runbooks.rehearsal.faults import Fault

RANDOM = "random"
"""Instead of a name: any one that is not named beside it."""


def chosen(names: Sequence[str]) -> tuple[Fault, ...]:
    """Return the faults called *names*.

    Raises:
        click.UsageError: there is no such fault.
    """
    from runbooks.rehearsal.faults import FAULTS

    found = {name: _fault(name) for name in names if name != RANDOM}
    for _ in range(names.count(RANDOM)):
        name = random.choice([name for name in FAULTS if name not in found])
        found[name] = FAULTS[name]
    return tuple(found.values())


def listing() -> Iterable[str]:
    """Return a line for each fault: its name and what it is."""
    from runbooks.rehearsal.faults import FAULTS

    width = max(map(len, FAULTS))
    return [f"{name:{width}}  {fault.says}" for name, fault in FAULTS.items()]


def _fault(name: str) -> Fault:
    from runbooks.rehearsal.faults import FAULTS

    if name not in FAULTS:
        from difflib import get_close_matches

        near = get_close_matches(name, FAULTS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else "; --list-faults lists all."
        raise click.UsageError(f"There is no fault {name!r}{hint}")
    return FAULTS[name]
