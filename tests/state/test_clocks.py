"""Clocks that are set: told once, and nothing is older or younger for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbooks.arming import Arming
from runbooks.clock import steady
from runbooks.events import Event, Kind
from runbooks.processes import boot_id
from runbooks.results import Finding, Result
from runbooks.tables import Level, ProbeSpec
from state import lines
from state.clock import Clocks, said
from state.judging import effective
from state.run import Run
from state.standing import Standing, StepState
from tests.state.books import ANA, BEN, runbook, step
from tui.event_words import of_changes

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOOK = runbook(step("a"))


def event(wall: float, mono: float, boot: str = "one") -> Event:
    at = (NOON + timedelta(seconds=wall)).isoformat()
    return Event(1, "", at, mono, boot, {}, Kind.NOTED, None, {}, "")


@pytest.mark.parametrize(
    "wall, mono, jump",
    [
        (60, 60, 0),
        (61, 60, 0),
        (3660, 60, 3600),
        (-3540, 60, -3600),
        (86_443, 86_400, 0),
    ],
)
def test_within_one_boot_two_clocks_are_held_together(
    wall: float, mono: float, jump: float
) -> None:
    clocks = Clocks()
    assert clocks.jump(event(0, 0)) == 0
    assert clocks.jump(event(wall, mono)) == pytest.approx(jump)
    assert clocks.jump(event(wall + 1, mono + 1)) == 0


def test_of_another_host_it_shows_once_that_it_is_behind() -> None:
    clocks = Clocks()
    clocks.jump(event(0, 0))
    assert clocks.jump(event(-300, 5000, "two")) == -300
    assert clocks.jump(event(10, 10)) == 0
    assert clocks.jump(event(-280, 5020, "two")) == 0


@pytest.mark.parametrize(
    "seconds, words",
    [
        (-3600, "went back by 1 h 0 min"),
        (90_000, "went ahead by 1 d 1 h"),
        (-5.2, "went back by 5 s"),
        (61, "went ahead by 1 min 1 s"),
    ],
)
def test_a_jump_in_words(seconds: float, words: str) -> None:
    assert said(seconds) == words


def test_a_jump_is_journalled_and_said(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(home, BOOK, "", ANA)
    heard: list[Event] = []
    run.heard = heard.append
    with monkeypatch.context() as patch:
        patch.setattr(lines, "steady", lambda: steady() + 3600)  # the other fell behind
        run.record(Kind.NOTED, "a", {"text": "x"})
    assert [one.kind for one in heard] == [Kind.NOTED, Kind.CLOCK_JUMPED]
    assert of_changes(heard[1]) == (
        "The clock of bastion went back by 1 h 0 min before event 2; events keep their "
        "order."
    )
    again = Run.open(run.directory, BOOK, BEN)
    kinds = [one.kind for one in run.poll()]
    assert kinds == [Kind.RUN_OPENED, Kind.CLOCK_JUMPED]
    again.close()


def test_arming_is_not_made_longer_by_a_clock_set_back() -> None:
    now = datetime.now(UTC)
    until = (now + timedelta(minutes=30)).isoformat()
    begun = steady() - 20 * 60
    arming = Arming("INC", until, "ana", now.isoformat(), begun, boot_id())
    left = arming.left(now - timedelta(hours=1))
    assert timedelta(minutes=9) < left <= timedelta(minutes=10)


@pytest.mark.parametrize(
    "ahead, standing",
    [
        (5, Standing.PASS),
        (14, Standing.PASS),
        (16, Standing.STALE),
        (60, Standing.STALE),
    ],
)
def test_what_is_from_too_far_in_the_future_is_stale(
    ahead: int, standing: Standing
) -> None:
    one = step("a", level=Level.AUTO, probe=ProbeSpec("http"))
    at = (NOON + timedelta(minutes=ahead)).isoformat()
    state = StepState(finding=Finding(Result.PASS, "200"), probed_at=at)
    assert effective(one, state, NOON) is standing
