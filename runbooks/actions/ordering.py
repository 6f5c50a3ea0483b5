"""From what a person agreed to, to the process that performs it."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TypeVar

import msgspec

from runbooks.actions.performing import Ended, Order
from runbooks.actions.wish import ActionWish
from runbooks.asking import Place
from runbooks.changes import Progress
from runbooks.own_python import python, search_path
from runbooks.plan import Plan
from runbooks.target import Target

T = TypeVar("T")


def plan(id: str, wish: ActionWish, target: Target, place: Place) -> Plan:
    """Write the order down and return how its process is run.

    Raises:
        CommandError: it could not be written.
    """
    assert target.path is not None
    file = place.outputs / f"{id}.order"
    order = Order(
        use=wish.asked.use,
        parameters={**wish.asked.parameters, **wish.description.settles},
        profile=str(target.path.absolute()),
        profile_digest=target.digest,
        agreed=wish.description.digest,
        identity=wish.description.identity,
        progress=str(place.outputs / f"{id}.progress"),
        result=str(place.outputs / f"{id}.result"),
    )
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as written:
        written.write(msgspec.json.encode(order))
    words = [*python("runbooks.actions.performing"), str(file)]
    return Plan(
        id=id,
        # No shell beside it: a signal to what runs is a signal to the action.
        text=f"exec {shlex.join(words)}",
        cwd=place.started_in,
        outputs=place.outputs,
        env={"PYTHONPATH": search_path()},
        secrets=place.secrets(),
        keep_context=False,
    )


def progress(outputs: Path, id: str) -> Progress:
    """Return how far the action has come, as it last said."""
    return _read(outputs / f"{id}.progress", Progress) or Progress()


def ended(outputs: Path, id: str) -> Ended | None:
    """Return how the action ended, None where its process did not say."""
    return _read(outputs / f"{id}.result", Ended)


def _read(path: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
