"""From the name of an action to what it would do to this target now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec.structs import replace

from runbooks.actions import Identify, action_class
from runbooks.actions.base import Action
from runbooks.actions.filling import filled
from runbooks.actions.rows import rows
from runbooks.changes import Description, Identity
from runbooks.errors import ProbeError
from runbooks.probes.base import SOURCE
from runbooks.probes.sources import Sources
from runbooks.tables import ActionSpec
from runbooks.target import Target


def identified_by(use: str) -> Identify:
    """Return how a family asks its system which one it is: as its action *use* does.

    That needs no parameters but those that the profile has.
    """

    async def identify(target: Target, sources: Sources) -> Identity:
        action = await make(ActionSpec(use), target, sources)
        return await action.identity(sources)

    return identify


async def make(spec: ActionSpec, target: Target, sources: Sources) -> Action:
    """Return the action that *spec* means on this target.

    Raises:
        ProbeError: there is no such action, or a parameter is missing or wrong.
    """
    try:
        cls = action_class(spec.use)
    except LookupError as error:
        raise ProbeError(str(error), source=SOURCE, stage="configuration") from error
    return await filled(cls, spec.parameters, target, sources)


@asynccontextmanager
async def looked_at(
    spec: ActionSpec, target: Target
) -> AsyncIterator[tuple[Action, Description, Sources]]:
    """Yield the action and what it would do, with what was asked for that.

    Nothing is changed.

    Raises:
        ProbeError: nobody could look, or there is nothing to act on.
    """
    async with Sources() as sources:
        action = await make(spec, target, sources)
        try:
            description = await sources.within(action.timeout, action.describe(sources))
        except TimeoutError as error:
            said = f"no answer in {action.timeout:g} s"
            raise ProbeError(said, source=action.source, stage="timeout") from error
        if action.counts_rows:
            state = {**description.snapshot, **await rows(target)}
            description = replace(description, snapshot=state)
        yield action, description, sources


async def describe(spec: ActionSpec, target: Target) -> Description:
    """Return what the action would do now; changes nothing.

    Raises:
        ProbeError: nobody could look, or there is nothing to act on.
    """
    async with looked_at(spec, target) as (_, description, _):
        return description
