"""Which systems a profile leads to, held against those met at first contact."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tui.cli.printing import Painted, agreed, say

if TYPE_CHECKING:
    from runbooks.identity_of import Met
    from runbooks.target import Target
    from state.identities import Identities


def tell(target: Target, systems: Met, known: Identities) -> bool:
    """Print a line a table; return whether each is the one that was met before."""
    same = True
    for table, now in systems.items():
        before = known.expected(target.name, table)
        if isinstance(now, str):
            word, colour, said = "unseen", "yellow", f"nobody could look: {now}"
        elif before is None:
            word, colour, said = "new   ", "", f"{now.says}; met for the first time"
        elif before.id == now.id:
            word, colour, said = "known ", "green", now.says
        else:
            word, colour, same = "other ", "red", False
            said = f"{now.says}; at first contact it was {before.says}"
        say(Painted(word, colour), f" {table}  {said}")
    return same


def accept(
    target: Target, tables: Sequence[str], systems: Met, known: Identities, sure: bool
) -> int:
    """Remember the systems of *tables* in place of those that were known.

    Args:
        sure: a person need not be asked.

    Raises:
        click.UsageError: a table has no system that could be asked.
        RefusedError: nobody can be asked here.
    """
    from runbooks.errors import RefusedError

    for table in tables:
        now = systems.get(table)
        if now is None:
            hint = f"there are {', '.join(systems)}" if systems else "there is none"
            raise click.UsageError(f"No system of [{table}] can be asked; {hint}.")
        if isinstance(now, str):
            say(f"Nothing was recorded for {table}: nobody could look: {now}")
            return 1
        before = known.expected(target.name, table)
        say(f"{table} of {target.name or 'the profile'}")
        say(f"  was  {before.says if before else 'never met'}")
        say(f"  is   {now.says}")
        if not sure and not sys.stdin.isatty():
            raise RefusedError(
                "Nothing was recorded: nobody can be asked here. When you have read "
                "this, add --yes."
            )
        if not sure and not agreed("Is this the system that is meant?"):
            say("Nothing was recorded.")
            return 1
        known.know(target.name, now)
        say(f"Recorded: changes of {target.name or 'the profile'} go to {now.says}")
    return 0
