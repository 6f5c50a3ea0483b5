"""Watches that work, and those that do not: either way the end is seen."""

from __future__ import annotations

import pytest

from runbooks.actions.kubernetes import ways
from tests.runbooks.actions.kubernetes.acting import Acting

PATCH = "PATCH deployments/transcript-api"
WATCH = "watch /apis/apps/v1/namespaces/transcripts/deployments"
LOOK = "/apis/apps/v1/namespaces/transcripts/deployments/transcript-api"


async def test_events_end_the_waiting(act: Acting) -> None:
    done = await act.perform("rollout_restart", component="api", every="1h")
    assert done.code == 0
    assert act.api.requests[WATCH] >= 3


async def test_bookmarks_are_where_a_watch_goes_on(act: Acting) -> None:
    act.api.watches = "bookmarks"
    act.api.faults[PATCH] = [lambda: setattr(act.controller, "asleep", True)]
    done = await act.perform("rollout_restart", component="api", deadline="2s")
    assert "no watch works" not in done.output
    first, *others = act.api.resumed
    assert first == act.deployment["metadata"]["resourceVersion"]
    assert others and others == act.api.bookmarked[: len(others)]


@pytest.mark.parametrize(
    "watches", ["dropped", "expired", "slow", 410, 403, 504, "garbage"]
)
async def test_where_no_watch_works_it_is_looked_again(
    act: Acting, watches: str | int, monkeypatch: pytest.MonkeyPatch
) -> None:
    act.api.watches = watches
    monkeypatch.setattr(ways, "SLOW", 0.1)
    done = await act.perform("rollout_restart", component="api")
    assert done.code == 0
    assert done.output.count("no watch works") == 1
    assert act.api.requests[WATCH] == 3


async def test_a_version_that_is_forgotten_is_read_anew(act: Acting) -> None:
    def forget() -> None:
        act.api.compacted = int(act.deployment["metadata"]["resourceVersion"]) + 1

    act.after(PATCH, forget)
    done = await act.perform("rollout_restart", component="api", every="100ms")
    assert done.code == 0
    assert "no watch works" not in done.output
    assert int(act.api.resumed[0]) < act.api.compacted <= int(act.api.resumed[-1])


async def test_a_watch_that_says_nothing(act: Acting) -> None:
    act.api.watches = "silent"
    done = await act.perform("rollout_restart", component="api")
    assert done.code == 0
    assert "no watch works" not in done.output
    assert act.api.requests[LOOK] > 3
