"""Steps that have to hold for a while: looked at again and again, until it is clear."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import cast

from msgspec.structs import replace

from runbooks.durations import seconds
from runbooks.results import Finding, Reading, Result, Soaked
from runbooks.tables import Soak

KEPT = 32
"""Values that a trend line has."""
LATE = 3
"""A look is late after so many times the span between two."""

Look = Callable[[], Awaitable[Finding]]


async def soak(
    wanted: Soak,
    look: Look,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncGenerator[tuple[Soaked, Finding | None], None]:
    """Look until the step has held for the span, or failed once too often.

    Yields after each look how far it has come, the last time with the finding:
    what was seen last, its reason saying how it went. A look that nobody could
    make counts as one in which it did not hold.
    """
    now = datetime.now(UTC)
    span, every = seconds(wanted.span), seconds(wanted.every)
    soaked = Soaked(_text(now), "", span, every, allowed=wanted.failures)
    failures: list[Finding] = []
    while True:
        finding = await look()
        bad = finding.result in (Result.FAIL, Result.UNKNOWN)
        failures += [finding] * bad
        due = datetime.now(UTC) + timedelta(seconds=LATE * every)
        soaked = replace(
            soaked,
            due=_text(due),
            looks=soaked.looks + 1,
            failed=len(failures),
        )
        if number := _number(finding, soaked.reading):
            soaked = replace(
                soaked,
                trend=(*soaked.trend, cast("float", number.value))[-KEPT:],
                reading=number.name,
                unit=number.unit,
            )
        over = finding.result is Result.NA or len(failures) > wanted.failures
        if over or soaked.looks >= soaked.planned:
            yield replace(soaked, due=""), _together(soaked, finding, failures)
            return
        yield soaked, None
        await sleep(every)


def _together(soaked: Soaked, last: Finding, failures: list[Finding]) -> Finding:
    """Return the last look, or the worst of too many that failed."""
    if last.result is Result.NA:
        return last
    counted = f"{soaked.failed} of {soaked.looks} looks failed"
    if len(failures) > soaked.allowed:
        seen = [each for each in failures if each.result is Result.FAIL] or failures
        return replace(seen[-1], reason=f"{counted}: {seen[-1].reason}")
    held = f"held for {soaked.looks} looks"
    said = f"{held}, {soaked.failed} failed" if failures else held
    if last.result in (Result.FAIL, Result.UNKNOWN):
        return replace(last, result=Result.WARN, reason=f"{said}, the last one too")
    return replace(last, reason=said)


def _number(finding: Finding, name: str) -> Reading | None:
    """Return the reading called *name*, or one that a trend says most of."""
    numbers = [
        each.reading
        for each in finding.judged
        if isinstance(each.reading.value, int | float)
        and not isinstance(each.reading.value, bool)
        and name in ("", each.reading.name)
    ]
    measured = [reading for reading in numbers if reading.unit]
    return next(iter(measured or numbers), None)


def _text(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds")
