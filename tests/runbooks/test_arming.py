"""For how long changes are allowed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from runbooks.arming import ARMED_FOR, Arming, armed_until

NOW = datetime(2026, 3, 1, 3, 19, tzinfo=UTC)


def test_it_lasts_half_an_hour_and_ends_by_itself() -> None:
    arming = Arming("INC-311", armed_until(NOW))
    assert arming.left(NOW) == ARMED_FOR == timedelta(minutes=30)
    assert arming.left(NOW + timedelta(minutes=29)) == timedelta(minutes=1)
    assert not arming.left(NOW + timedelta(hours=2))


def test_one_key_adds_to_what_is_left() -> None:
    arming = Arming("INC-311", armed_until(NOW))
    later = NOW + timedelta(minutes=20)
    longer = Arming("INC-311", armed_until(later, arming))
    assert longer.left(later) == timedelta(minutes=40)


def test_what_is_over_is_not_made_longer_but_begun_anew() -> None:
    arming = Arming("INC-311", armed_until(NOW))
    later = NOW + timedelta(hours=5)
    assert Arming("", armed_until(later, arming)).left(later) == ARMED_FOR


def test_the_clock_of_another_zone_tells_the_same() -> None:
    arming = Arming("INC-311", "2026-03-01T05:19:00+01:00")
    assert arming.left(NOW) == timedelta(hours=1)
