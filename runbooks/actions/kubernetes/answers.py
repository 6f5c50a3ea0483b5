"""What an API server answered to a request that was to change something."""

from __future__ import annotations

from typing import Any

import msgspec

from runbooks.actions.kubernetes.ways import BUSY
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.process import Answer

SHOWN = 300
"""Characters of what it says that are passed on."""


def message(answer: Answer) -> str:
    """Return what an API server says of a failure, see its reference, "Status"."""
    try:
        said = str(msgspec.json.decode(answer.body)["message"])
    except (msgspec.DecodeError, LookupError, TypeError):
        said = answer.body
    return " ".join(said.split())[:SHOWN] or "without a word"


def content(answer: Answer) -> Object | None:
    """Return the object that an answer holds, None where it holds none."""
    try:
        found = msgspec.json.decode(answer.body, type=dict[str, Any])
    except msgspec.DecodeError:
        return None
    return found


def refused(answer: Answer) -> str:
    """Return what a refusal means, and what to do next."""
    said = f"Nothing was changed: {message(answer)} ({answer.status})."
    match answer.status:
        case 401:
            return f"{said} The login is not known any more: log in again."
        case 403:
            return f"{said} Ask for this right, or let somebody do it who has it."
        case 404:
            return f"{said} It has gone since it was looked at: look again."
        case 409 | 422:
            return (
                f"{said} Either somebody changed it since it was looked at, or it is "
                "not allowed: look again, and agree to what you see then."
            )
        case status if status == BUSY:
            after = f" in {answer.retry_after} s" if answer.retry_after else " later"
            return f"{said} Try again{after}."
    return f"{said} Look again."
