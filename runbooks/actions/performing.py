"""The process that performs one action, under the supervisor as any command.

Usage: ``python -P -m runbooks.actions.performing ORDER``, a file that `order` wrote.
It looks again before it changes anything: the target has to be the one that was shown,
and what would happen has to be what a person agreed to. Each line that it prints is
one thing that happened; `PROGRESS` holds how far it has come, `RESULT` how it ended.

Exit codes: 0 done and seen to be so, 1 failed after something may have been changed,
3 refused and nothing changed, 4 nobody knows (stopped, or the connection was lost).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from runbooks.actions.base import Action
from runbooks.actions.describing import looked_at
from runbooks.actions.rows import rows
from runbooks.changes import Description, Identity, Progress
from runbooks.errors import ActionError, DocumentError, GonogoError, ProbeError
from runbooks.private import create_kept, remove, settle
from runbooks.probes.sources import Sources
from runbooks.tables import ActionSpec
from runbooks.target import Target, parse

DONE, FAILED, REFUSED, UNKNOWN = 0, 1, 3, 4
PATIENCE = 30.0
"""Seconds for the state to become what it should be, once the action is done."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done, as it was agreed to. It holds no secret.

    Attributes:
        profile, profile_digest: the target profile and sha256 hex of its bytes.
        agreed: digest of the description that a person agreed to.
        progress, result: files that are written.
    """

    use: str
    parameters: Mapping[str, Any]
    profile: str
    profile_digest: str
    agreed: str
    identity: Identity
    progress: str
    result: str

    @property
    def spec(self) -> ActionSpec:
        return ActionSpec(self.use, self.parameters)


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How it ended, with the state before and after.

    Attributes:
        code: as the process's exit code.
        says: what the state is now and what to do next, one or two sentences.
        differs: by name, what is not as it was to be.
    """

    code: int
    says: str
    before: Mapping[str, str] = {}
    after: Mapping[str, str] = {}
    differs: tuple[str, ...] = ()


async def perform(order: Order) -> Ended:
    """Carry *order* out; never raises what is meant for the operator."""
    try:
        target = _target(order)
        async with looked_at(order.spec, target) as (action, description, sources):
            if wrong := _changed_since(order, description):
                return Ended(code=REFUSED, says=f"Nothing was changed: {wrong}")
            ended = await _perform(order, action, description, sources)
            if action.counts_rows and ended.after:
                ended = replace(ended, after={**ended.after, **await rows(target)})
            return ended
    except (ProbeError, DocumentError) as error:
        notes = " ".join(getattr(error, "__notes__", ()))
        return Ended(
            code=REFUSED, says=f"Nothing was changed: {error}. {notes}".strip()
        )


def _target(order: Order) -> Target:
    path = Path(order.profile)
    try:
        target = parse(path.read_bytes(), path)
    except OSError as error:
        said = f"cannot be read any more: {error.strerror}"
        raise DocumentError(path, said) from error
    if target.digest != order.profile_digest:
        raise DocumentError(path, "is another one than was shown; look again")
    return target


def _changed_since(order: Order, description: Description) -> str:
    """Return why what would happen is not what was agreed to, or ""."""
    if description.identity.id != order.identity.id:
        return (
            f"this is {description.identity.says}, not {order.identity.says} as "
            "before. Find out which one the profile leads to."
        )
    if description.unmet:
        return f"{'; '.join(description.unmet)}."
    if description.digest != order.agreed:
        return "what it would do has changed since it was shown. Look at it again."
    return ""


async def _perform(
    order: Order, action: Action, description: Description, sources: Sources
) -> Ended:
    def tell(progress: Progress) -> None:
        progress = replace(progress, says=sources.hidden(progress.says))
        if progress.says:
            print(progress.says, flush=True)
        _replace(Path(order.progress), msgspec.json.encode(progress))

    before = description.snapshot
    try:
        await action.perform(description, tell)
        return await _compared(action, description)
    except ActionError as error:
        code = {True: FAILED, False: REFUSED, None: UNKNOWN}[error.changed]
        after = await _snapshot(action)
        said = sources.hidden(str(error))
        return Ended(code=code, says=said, before=before, after=after)
    except asyncio.CancelledError:
        said = (
            "It was stopped while it was being watched: what was sent stands and may "
            "still go on. Look at the state before anything else is done."
        )
        return Ended(code=UNKNOWN, says=said, before=before)


async def _compared(action: Action, description: Description) -> Ended:
    """Wait until the state is what it was to be; success is that, not an answer."""
    before, wanted = description.snapshot, description.outcome
    after: Mapping[str, str] = {}
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while True:
                after = await _snapshot(action)
                if after and not _differs(wanted, after):
                    break
                await asyncio.sleep(0.5)
    if not after:
        said = "It was done, and nobody could look at the state afterwards: look again."
        return Ended(code=UNKNOWN, says=said, before=before)
    if differs := _differs(wanted, after):
        said = f"It was done, but the state is not what it should be: {differs[0]}."
        return Ended(
            code=FAILED, says=said, before=before, after=after, differs=differs
        )
    return Ended(code=DONE, says="Done, and so it is now.", before=before, after=after)


async def _snapshot(action: Action) -> Mapping[str, str]:
    """Return the state now, {} where nobody can look."""
    try:
        async with Sources() as sources:
            return await sources.within(action.timeout, action.snapshot(sources))
    except (ProbeError, TimeoutError):
        return {}


def _differs(wanted: Mapping[str, str], found: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        f"{name} is {found.get(name, 'not there')}, not {value}"
        for name, value in wanted.items()
        if found.get(name) != value
    )


def _replace(path: Path, data: bytes) -> None:
    new = f"{path}.new"
    remove(new)
    settle(create_kept(new), data, new, str(path))


async def _until_stopped(order: Order) -> Ended:
    task = asyncio.create_task(perform(order))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        said = "Nothing was changed: it was stopped before it began."
        return Ended(code=REFUSED, says=said)


def main() -> int:
    order = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Order)
    os.umask(0o077)
    try:
        ended = asyncio.run(_until_stopped(order))
    except GonogoError as error:
        ended = Ended(code=UNKNOWN, says=str(error))
    _replace(Path(order.result), msgspec.json.encode(ended))
    print(ended.says, flush=True)
    return ended.code


if __name__ == "__main__":
    sys.exit(main())
