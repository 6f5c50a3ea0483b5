"""The time in which a person may change systems: short, and with a reason."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from runbooks.clock import steady
from runbooks.processes import boot_id

ARMED_FOR = timedelta(minutes=30)
"""How long arming lasts, and what one key adds to what is left."""


class Arming(msgspec.Struct, frozen=True):
    """That changes are allowed, why, and for how long.

    Attributes:
        until: ISO 8601 with offset.
        by: the person.
        at: when it began, ISO 8601 with offset, or "".
        mono, boot: the same by the clock that nobody sets, as events say it.
    """

    reason: str
    until: str
    by: str = ""
    at: str = ""
    mono: float = 0.0
    boot: str = ""

    def left(self, now: datetime) -> timedelta:
        """Return the time that is left, none if it is over.

        A clock that is set back makes it no longer.
        """
        until = datetime.fromisoformat(self.until)
        left = until - now
        if self.boot and self.boot == boot_id():
            all_of_it = until - datetime.fromisoformat(self.at)
            left = min(left, all_of_it - timedelta(seconds=steady() - self.mono))
        return max(left, timedelta())


def armed_until(now: datetime, before: Arming | None = None) -> str:
    """Return until when arming lasts that begins now, or is made longer now."""
    left = before.left(now) if before else timedelta()
    return (now + left + ARMED_FOR).isoformat(timespec="seconds")
