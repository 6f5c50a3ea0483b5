"""Steps that have to hold for a while."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from runbooks.results import Finding, Judged, Reading, Result, Soaked
from runbooks.soaking import soak
from runbooks.tables import Soak

PASS, WARN, FAIL = Result.PASS, Result.WARN, Result.FAIL
UNKNOWN, NA = Result.UNKNOWN, Result.NA


def seen(result: Result, value: float = 1.0) -> Finding:
    reading = Reading("latency", value, "s")
    return Finding(result, f"it is {result}", (Judged(reading, "<= 1 s", result),))


async def soaked(
    results: Sequence[Result], failures: int = 0
) -> tuple[list[Soaked], Finding | None, list[float]]:
    """Soak for four looks, a minute apart, that give *results*."""
    coming = iter(enumerate(results))
    slept: list[float] = []

    async def look() -> Finding:
        number, result = next(coming)
        return seen(result, float(number))

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    looks = [each async for each in soak(Soak("3m", "60s", failures), look, sleep)]
    return [state for state, _ in looks], looks[-1][1], slept


async def test_it_passes_when_it_has_held_for_the_span() -> None:
    states, finding, slept = await soaked([PASS] * 4)
    assert finding and (finding.result, finding.reason) == (PASS, "held for 4 looks")
    assert slept == [60.0] * 3
    assert [state.looks for state in states] == [1, 2, 3, 4]
    assert states[-1].due == "" and all(state.due for state in states[:-1])
    assert states[-1].trend == (0.0, 1.0, 2.0, 3.0)


async def test_the_trend_is_that_of_what_is_measured() -> None:
    status = Judged(Reading("status", 200), "200", PASS)
    number = iter(range(4))

    async def look() -> Finding:
        slow = Reading("latency", next(number) / 10, "s")
        return Finding(PASS, "200", (status, Judged(slow, "<= 1 s", PASS)))

    async def sleep(seconds: float) -> None: ...

    *_, (last, _) = [each async for each in soak(Soak("3m", "60s"), look, sleep)]
    assert (last.reading, last.unit) == ("latency", "s")
    assert last.trend == (0.0, 0.1, 0.2, 0.3)


async def test_the_first_failure_too_many_ends_it() -> None:
    states, finding, slept = await soaked([PASS, FAIL, PASS, PASS])
    assert finding and finding.result is FAIL
    assert finding.reason == "1 of 2 looks failed: it is fail"
    assert len(states) == 2 and len(slept) == 1


@pytest.mark.parametrize("bad", [FAIL, UNKNOWN])
async def test_so_many_looks_may_fail(bad: Result) -> None:
    _, finding, _ = await soaked([PASS, bad, PASS, PASS], failures=1)
    assert finding and finding.result is PASS
    assert finding.reason == "held for 4 looks, 1 failed"
    _, finding, _ = await soaked([bad, bad, PASS, PASS], failures=1)
    assert finding and finding.result is bad


async def test_a_failure_outweighs_a_look_that_nobody_could_make() -> None:
    _, finding, _ = await soaked([FAIL, UNKNOWN, PASS, PASS], failures=1)
    assert finding and finding.result is FAIL


async def test_an_allowed_failure_at_the_end_is_a_warning() -> None:
    _, finding, _ = await soaked([PASS, PASS, PASS, FAIL], failures=1)
    assert finding and finding.result is WARN


async def test_what_does_not_apply_is_not_waited_for() -> None:
    states, finding, slept = await soaked([NA])
    assert finding and finding.result is NA
    assert len(states) == 1 and not slept
