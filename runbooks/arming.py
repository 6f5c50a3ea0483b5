"""The time in which a person may change systems: short, and with a reason."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

ARMED_FOR = timedelta(minutes=30)
"""How long arming lasts, and what one key adds to what is left."""


class Arming(msgspec.Struct, frozen=True):
    """That changes are allowed, why, and for how long.

    Attributes:
        until: ISO 8601 with offset.
        by: the person.
    """

    reason: str
    until: str
    by: str = ""

    def left(self, now: datetime) -> timedelta:
        """Return the time that is left, none if it is over."""
        until = datetime.fromisoformat(self.until)
        return max(until - now, timedelta())


def armed_until(now: datetime, before: Arming | None = None) -> str:
    """Return until when arming lasts that begins now, or is made longer now."""
    begun = datetime.fromisoformat(before.until) if before else now
    return (max(begun, now) + ARMED_FOR).isoformat(timespec="seconds")
