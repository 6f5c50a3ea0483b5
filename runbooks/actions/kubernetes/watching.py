"""Waits for the next change of an object: by a watch, and without one where none works.

What a watch says only ends the waiting: the state is read anew, so an event that was
lost, late or doubled is no harm. See
https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any

import msgspec

from runbooks.actions.kubernetes.sending import Writer
from runbooks.errors import ProbeError

WATCHED = 5.0
"""Seconds until it is looked anyway: pods change without their workload."""
FAILURES = 3
"""So often a watch fails until it is not tried any more."""


class Watch:
    """The changes of one object.

    Args:
        path: of the list that it is in.
    """

    def __init__(self, writer: Writer, path: str, name: str) -> None:
        self._writer = writer
        self._path = path
        self._name = name
        self._failures = 0
        self._seen = self._bookmark = ""

    async def wait(self, version: str) -> None:
        """Return once the object is another one than *version*, or after a while.

        Args:
            version: its resourceVersion when it was last read.
        """
        if version != self._seen:
            # What a bookmark said is older than that.
            self._seen, self._bookmark = version, ""
        began = monotonic()
        if self._failures < FAILURES and await self._watched():
            return
        await asyncio.sleep(max(0.0, self._writer.every - (monotonic() - began)))

    async def _watched(self) -> bool:
        """Watch until something happens; whether it is worth to look at once."""
        query: dict[str, str | int] = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "fieldSelector": f"metadata.name={self._name}",
            "resourceVersion": self._bookmark or self._seen,
            # Longer than anybody waits: a watch that ends by itself says nothing.
            "timeoutSeconds": max(1, round(2 * WATCHED)),
        }
        way, sources = self._writer.way, self._writer.sources
        try:
            answer = await way.wait(sources, self._path, query, WATCHED)
        except ProbeError as error:
            if error.stage == "timeout":  # nothing has happened
                return True
            return self._failed(str(error))
        event = _event(answer.body) if answer.status == 200 else {}
        match event.get("type"):
            case "BOOKMARK":
                self._bookmark = str(event["object"]["metadata"]["resourceVersion"])
                self._failures = 0
                return False
            case "ADDED" | "MODIFIED" | "DELETED":
                self._failures = 0
                return True
        code = (event.get("object") or {}).get("code") or answer.status
        if code == 410:
            self._bookmark = ""
        return self._failed(f"it answered {code}" if code != 200 else "it ended")

    def _failed(self, why: str) -> bool:
        self._failures += 1
        if self._failures == FAILURES:
            every = self._writer.every
            self._writer.say(f"no watch works ({why}): looking every {every:g} s")
        return False


def _event(line: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
