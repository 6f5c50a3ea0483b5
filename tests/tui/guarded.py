"""What a journal has to show of every change: trust, lever, arming, a known system."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

REQUESTS = ("command_requested", "action_requested")
Event = Mapping[str, Any]


def changing(journal: Sequence[Event]) -> list[Event]:
    """Return the requests of what may change something."""
    return [
        event
        for event in journal
        if event["kind"] in REQUESTS and event["data"].get("class") != "observe"
    ]


def assert_guarded(journal: Sequence[Event], trusted: Collection[str] = ()) -> None:
    """Hold every request of a change against what was written down before it.

    Args:
        trusted: digests that were trusted before this run.
    """
    known = set(trusted)
    holder, until = None, None
    systems: dict[str, str] = {}
    for event in journal:
        kind, data, pid = event["kind"], event["data"], event["by"]["pid"]
        if kind == "trusted":
            known.add(data["digest"])
        elif kind == "lever_taken":
            holder = pid
        elif kind == "run_closed" and holder == pid:
            holder = None
        elif kind == "armed":
            until = data["until"]
        elif kind == "disarmed":
            until = None
        elif kind == "identity_recorded":
            systems[data["table"]] = data["id"]
        elif event in changing([event]):
            assert known, f"nobody trusted anything before {event}"
            assert holder == pid, f"without the lever: {event}"
            assert until is not None, f"not armed: {event}"
            at = datetime.fromisoformat(event["at"])
            assert at <= datetime.fromisoformat(until), f"arming was over: {event}"
            if system := data.get("identity"):
                assert systems.get(system["table"]) == system["id"], f"other: {event}"
