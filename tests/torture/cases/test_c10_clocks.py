"""C10: clocks that are set, on two hosts: the order of events is their number."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest

from runbooks.arming import ARMED_FOR
from runbooks.events import Event, Kind
from state import lines
from state.clock import DRIFT, SLACK
from state.journal import Journal
from state.run import Run
from tests.torture.results import memory, result, rng, size
from tests.torture.subjects import Ours

pytestmark = pytest.mark.timeout(900)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
JUMPS = (
    timedelta(hours=-1),
    timedelta(days=1),
    timedelta(hours=1),
    timedelta(minutes=5),
    timedelta(minutes=-5),
    timedelta(seconds=-1),  # a leap second
    timedelta(seconds=1),
)


@dataclass
class Host:
    """A machine with a clock that is set now and then, and one that is not."""

    boot: str
    wall: datetime
    steady: float = 1000.0

    def pass_time(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.steady += seconds

    @contextmanager
    def here(self) -> Iterator[None]:
        """Let this process be on this host."""
        clock = mock.Mock(wraps=datetime, now=lambda zone=None: self.wall)
        with (
            mock.patch.object(lines, "datetime", clock),
            mock.patch.object(lines, "steady", lambda: self.steady),
            mock.patch.object(lines, "boot_id", lambda: self.boot),
            mock.patch("runbooks.arming.steady", lambda: self.steady),
            mock.patch("runbooks.arming.boot_id", lambda: self.boot),
        ):
            yield


class Series:
    """Events on two hosts, between which the clocks jump by chance."""

    def __init__(self, place: Path, dice: random.Random) -> None:
        self._dice = dice
        noon = datetime(2026, 3, 29, 0, 59, 50, tzinfo=UTC)  # summer time begins
        apart = timedelta(seconds=dice.uniform(-300, 300))
        self.hosts = Host("one", noon), Host("two", noon + apart)
        self._jumped = dict.fromkeys(("one", "two"), timedelta())
        self.jumps = 0
        with self.hosts[0].here():
            self._subject = Ours()
            self._subject.open(place)
        self.run: Run = self._subject.run

    def go(self, events: int) -> None:
        for number in range(events):
            host = self._dice.choice(self.hosts)
            for each in self.hosts:
                each.pass_time(self._dice.uniform(0, 600))
            if self._dice.random() < 0.4:
                jump = self._dice.choice((*JUMPS, EPOCH - host.wall))
                host.wall += jump
                self._jumped[host.boot] += jump
            with host.here():
                self._subject.say(str(number))
                self._after(host)

    def _after(self, host: Host) -> None:
        """A jump of this host since its last event was journalled, and no other."""
        jumped = self._jumped[host.boot].total_seconds()
        self._jumped[host.boot] = timedelta()
        self.jumps += abs(jumped) > SLACK
        if host.boot == "one":  # of the other the first event may be behind
            last = self.journal()[-1]
            told = last.data["seconds"] if last.kind is Kind.CLOCK_JUMPED else 0.0
            slack = SLACK + DRIFT * 7200
            if abs(jumped) > slack:
                assert abs(told - jumped) < 1, (told, jumped)
            elif abs(jumped) < SLACK:
                assert told == 0.0, (told, jumped)

    def journal(self) -> list[Event]:
        return Journal(self.run.directory / "journal.jsonl", None).read_new()


def test_order_and_durations_hold_whatever_the_clocks_say() -> None:
    dice, rounds = rng("c10"), size(1000, 15)
    jumps = shuffled = 0
    for _ in range(rounds):
        place = Path(tempfile.mkdtemp(dir=memory()))
        series = Series(place, dice)
        series.go(10)
        jumps += series.jumps
        events = series.journal()
        assert [event.seq for event in events] == [*range(1, len(events) + 1)]
        notes = [event.data["note"] for event in events if event.kind is Kind.DECIDED]
        assert notes == [str(n) for n in range(10)]
        for boot in ("one", "two"):
            steady = [event.mono for event in events if event.boot == boot]
            assert steady == sorted(steady)
        assert Ours.load(place) == notes
        by_time = sorted(events, key=lambda event: event.at)
        shuffled += by_time != events
        shutil.rmtree(place)
    assert shuffled, "ordering by time is what must fail"
    result(
        "",
        "C10",
        "clocks of two hosts set by −1 h to +1 day and to 1970; leap second; summer "
        "time",
        "0 out of order, 0 negative durations, every jump in the journal",
        f"0 of {rounds} series, {jumps} jumps; by time {shuffled} would be shuffled",
        True,
    )


def test_being_armed_ends_in_time_whatever_the_clock_says(tmp_path: Path) -> None:
    series = Series(tmp_path, random.Random(1))
    host, run = series.hosts[0], series.run
    with host.here(), mock.patch("state.changing.datetime") as clock:
        clock.now = lambda zone: host.wall
        run.arm("INC-1")
        host.wall -= timedelta(hours=1)
        host.pass_time(60)
        armed = run.armed()
        assert armed
        assert armed.left(host.wall) == ARMED_FOR - timedelta(seconds=60)
        host.pass_time(ARMED_FOR.total_seconds())
        assert run.armed() is None
