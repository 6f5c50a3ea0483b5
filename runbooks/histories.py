"""What ran on the systems of a target before.

A bad release usually came from elsewhere than this run. The families of actions that
can bring a former state back know how to look for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from runbooks import actions
from runbooks.changes import Revision
from runbooks.errors import ProbeError
from runbooks.identity_of import named
from runbooks.target import Target

PATIENCE = 10.0
"""Seconds in which a system says what ran on it before."""
Histories = Mapping[str, tuple[Revision, ...] | str]
"""Table of the profile to revisions, the newest first, or to why nobody could look."""


async def histories(target: Target) -> Histories:
    """Ask every system of the profile that keeps a history, at once."""
    asked = [t for t in named(target) if target.path and actions.historian(t)]
    answers = await asyncio.gather(*(_history(table, target) for table in asked))
    return dict(zip(asked, answers, strict=True))


async def _history(table: str, target: Target) -> tuple[Revision, ...] | str:
    look = actions.historian(table)
    assert look is not None
    try:
        async with asyncio.timeout(PATIENCE):
            return tuple(await look(target))
    except ProbeError as error:
        return str(error)
    except TimeoutError:
        return f"no answer in {PATIENCE:g} s"
