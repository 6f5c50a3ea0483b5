"""How politely one host is asked: so many in a pass, so many a minute, and a 429."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from itertools import count
from typing import Any

import pytest

from runbooks.errors import ProbeError
from runbooks.model import Step
from runbooks.probes.budget import A_MINUTE, Budget
from runbooks.results import Finding
from runbooks.runner import Runner
from runbooks.tables import ProbeSpec, StepOptions
from runbooks.target import Target
from tests.runbooks.probes.site import Says, Site


def steps(site: Site, number: int) -> list[Step]:
    """Return so many steps, each of which asks for something else."""
    made = []
    for n in range(number):
        spec = ProbeSpec("http", {"status": 200}, {"url": f"{site.url}/{n}"})
        options = StepOptions(probe=spec)
        made.append(Step(f"s{n}", "", "", 1, False, 0, "", options))
    return made


def runner(site: Site) -> Runner:
    return Runner(Target("t", tables={"api": {"url": site.url}}))


async def found(runner: Runner, steps: list[Step]) -> list[Finding]:
    return [finding async for _, finding in runner.probe_all(steps)]


class Clock:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(asyncio, "sleep", clock.sleep)
    return clock


async def test_no_more_than_so_many_are_asked_in_one_pass(site: Site) -> None:
    for n in range(A_MINUTE + 5):
        site.get(f"/{n}")
    asking = runner(site)
    seen = await found(asking, steps(site, A_MINUTE + 5))
    assert len(site.asked) == sum(asking.requests.values()) == A_MINUTE == 40
    left = [each for each in seen if each.result != "pass"]
    assert len(left) == 5
    assert {each.result for each in left} == {"unknown"}
    assert all("40 requests in one pass are enough" in each.reason for each in left)


async def test_so_many_at_once_and_then_one_after_the_other(clock: Clock) -> None:
    budget = Budget(A_MINUTE, clock)
    for _ in range(A_MINUTE):
        await budget.take(nullcontext)
    assert clock.now == 0
    await budget.take(nullcontext)
    assert clock.now == pytest.approx(60 / A_MINUTE)
    clock.now += 3600
    before = clock.now
    for _ in range(A_MINUTE):
        await budget.take(nullcontext)
    assert clock.now == before, "an hour of rest is worth one minute"
    await budget.take(nullcontext)
    assert clock.now > before


async def test_a_429_turns_the_rest_into_unknown(site: Site) -> None:
    site.answers["GET /0"] = Says(429, "", {"Retry-After": "17"})
    asking = runner(site)
    (first,) = await found(asking, steps(site, 1))
    said = "it answered 429, too many requests: ask again in 17 s"
    assert (first.result, first.reason) == ("unknown", said)
    rest = await found(asking, steps(site, 9))
    assert {each.result for each in rest} == {"unknown"}
    assert all("ask again in 1" in each.reason for each in rest)
    assert len(site.asked) == 1
    # Whoever looks at the same host is told the same, as one source.
    assert {each.source for each in rest} == {first.source}


@pytest.mark.parametrize("said", ["", "Wed, 21 Oct 2026 07:28:00 GMT", "-5", "0"])
async def test_a_rest_of_which_nothing_useful_is_said(site: Site, said: str) -> None:
    site.answers["GET /0"] = Says(429, "", {"Retry-After": said})
    (found_,) = await found(runner(site), steps(site, 1))
    assert found_.reason.endswith("in 1 s" if said == "0" else "in 60 s")


async def test_who_waits_for_a_turn_hears_of_a_429_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    budget = Budget(1)
    waited = count(1)

    async def refused_meanwhile(seconds: Any) -> None:
        next(waited)
        budget.close(30)

    monkeypatch.setattr(asyncio, "sleep", refused_meanwhile)
    await budget.take(nullcontext)
    with pytest.raises(ProbeError, match="ask again in 30 s"):
        await budget.take(nullcontext)
    assert next(waited) == 2
