"""Which faults `gonogo rehearse` is to begin with, by name."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

import click

from runbooks.errors import RefusedError

if TYPE_CHECKING:
    from runbooks.rehearsal.faults import Fault

RANDOM = "random"
"""Instead of a name: any one that is not named beside it."""


def chosen(names: Sequence[str]) -> tuple[Fault, ...]:
    """Return the faults called *names*.

    Raises:
        click.UsageError: there is no such fault.
        RefusedError: this machine lacks what one needs.
    """
    from runbooks.rehearsal.faults import FAULTS

    found = {name: _fault(name) for name in names if name != RANDOM}
    running, why_no_containers = _expected()
    for name, fault in found.items():
        if lacking := fault.lacks(running):
            why = f" ({why_no_containers})" if fault.contained else ""
            raise RefusedError(f"{name} {lacking}{why}.")
    possible = [name for name, fault in FAULTS.items() if not fault.lacks(running)]
    for _ in range(names.count(RANDOM)):
        name = random.choice([name for name in possible if name not in found])
        found[name] = FAULTS[name]
    return tuple(found.values())


def listing() -> Iterable[str]:
    """Return a line for each fault: its name, what it is, and what it lacks here."""
    from runbooks.rehearsal.faults import FAULTS

    running, _ = _expected()
    width = max(map(len, FAULTS))
    return [f"{name:{width}}  {fault.told(running)}" for name, fault in FAULTS.items()]


def _expected() -> tuple[Collection[str], str]:
    """Return what would run in a rehearsal here, and why that is no containers."""
    from runbooks.rehearsal import containers, programs
    from runbooks.rehearsal.services import SERVICES

    why = asyncio.run(containers.lacking())
    running = programs.NAMES.keys() - set(programs.absent())
    return running if why else running | SERVICES.keys(), why


def _fault(name: str) -> Fault:
    from runbooks.rehearsal.faults import FAULTS

    if name not in FAULTS:
        from difflib import get_close_matches

        near = get_close_matches(name, FAULTS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else "; --list-faults lists all."
        raise click.UsageError(f"There is no fault {name!r}{hint}")
    return FAULTS[name]
