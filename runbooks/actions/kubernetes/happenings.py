"""What the cluster says of a workload while it is rolled out: its Events, as lines."""

from __future__ import annotations

from collections.abc import Iterable

from runbooks.actions.kubernetes.sending import Writer
from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.events import EVENTS, last_seen, times_seen
from runbooks.probes.kubernetes.objects import Object

SHOWN = 160
"""Characters of a message that are told."""


class Happenings:
    """The Events of some objects, each told once."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._told: set[tuple[str, int]] = set()
        self._silent = False

    async def news(self, uids: Iterable[str]) -> list[str]:
        """Return what was not told yet, oldest first."""
        found: list[Object] = []
        for uid in uids:
            if self._silent:
                break
            try:
                where = f"involvedObject.uid={uid}"
                found += await self._writer.listed(EVENTS, fieldSelector=where)
            except ProbeError as error:
                # A rollout can be followed without them.
                if error.stage == "login":
                    self._silent = True
                    return [f"without events: {error}"]
        new = [each for each in found if _key(each) not in self._told]
        self._told.update(map(_key, new))
        return [_line(each) for each in sorted(new, key=last_seen)]


def _key(event: Object) -> tuple[str, int]:
    return str(event["metadata"]["uid"]), times_seen(event)


def _line(event: Object) -> str:
    about = event.get("involvedObject") or {}
    message = " ".join(str(event.get("message", "")).split())[:SHOWN]
    return f"{event.get('reason')} {about.get('kind')}/{about.get('name')}: {message}"
