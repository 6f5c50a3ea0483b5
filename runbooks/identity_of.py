"""Which system a table of the profile leads to, asked of the system itself.

An address may lead elsewhere than yesterday. What tells is what the system has of its
own; the family of actions that is called as the table knows how to ask for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from runbooks import actions
from runbooks.changes import Identity
from runbooks.errors import ProbeError
from runbooks.probes.sources import Sources
from runbooks.target import Target

Met = Mapping[str, Identity | str]
"""Table to the system that it leads to, or to why nobody knows."""
PATIENCE = 3.0
"""Seconds in which a system says which one it is, or nobody knows."""
PLATFORMS = {"kubernetes": "kubernetes", "docker": "compose"}
"""Table to the platform that leads there even where the profile has no such table."""


def tables(target: Target) -> tuple[str, ...]:
    """Return the tables of the profile whose systems can say which ones they are."""
    return tuple(table for table in named(target) if actions.identifier(table))


def named(target: Target) -> tuple[str, ...]:
    """Return the families whose system the profile names."""
    platform = target.facts.get("platform")
    return tuple(
        table
        for table in actions.FAMILIES
        # A table that is still to be filled in names nothing.
        if target.tables.get(table) or PLATFORMS.get(table, "") == platform
    )


async def meet(asked: Iterable[str], target: Target) -> Met:
    """Ask the systems of these tables at once which ones they are."""
    tables = list(asked)

    async def one(table: str) -> Identity | str:
        try:
            return await ask(table, target)
        except ProbeError as error:
            return str(error)

    return dict(zip(tables, await asyncio.gather(*map(one, tables)), strict=True))


async def ask(table: str, target: Target) -> Identity:
    """Return which system the profile's *table* leads to now.

    Raises:
        ProbeError: nobody could look.
    """
    identify = actions.identifier(table)
    if identify is None:
        raise ProbeError(f"no system of [{table}] can be asked", source=table)
    async with Sources() as sources:
        try:
            return await sources.within(PATIENCE, identify(target, sources))
        except TimeoutError as error:
            said = f"no answer in {PATIENCE:g} s"
            raise ProbeError(said, source=table, stage="timeout") from error
