"""More requests at once than an application should answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.probes.base import Duration, Measurement, measured
from runbooks.probes.fetching import RESTING, Request, Response, fetch
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading

MOST = 300
TOGETHER = 10
"""Requests under way at a time."""
ROOM = 20
"""Seconds of a minute that have to be left: the limit counts by minutes of the
clock, and a burst across two of them would meet it in neither."""


class BurstProbe(EndpointProbe, frozen=True, kw_only=True):
    """Sends a burst and counts how many are refused.

    Everybody behind the same address is refused with us for the rest of the
    minute, so nothing is asked of the host afterwards until that is over.

    Readings:
        limited: whether a 429 came.
        first_refusal: how many requests came before it, absent without one.
        retry_after: what the refusal asks for, in seconds, absent when nothing.
        errors: how many answers were 5xx.

    Attributes:
        count: how many requests.
    """

    count: int = 110
    timeout: Duration = Duration(60)

    intrusive: ClassVar[str] = "sends 110 requests at once"
    readings: ClassVar[Mapping[str, str]] = {
        "limited": "",
        "first_refusal": "",
        "retry_after": "s",
        "errors": "",
    }

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        wrong = super().complaints(parameters)
        count = parameters.get("count", cls.count)
        if isinstance(count, int) and not 1 < count <= MOST:
            wrong.append(f"count: {count} requests; write 2 to {MOST}")
        return wrong

    async def measure(self, sources: Sources) -> Measurement:
        left = 60 - time.time() % 60
        if left < ROOM:
            with sources.pause():
                await asyncio.sleep(left)
        answers: list[Response] = []
        for first in range(0, self.count, TOGETHER):
            numbers = range(first, min(first + TOGETHER, self.count))
            answers += await asyncio.gather(*(self._ask(sources, n) for n in numbers))
        refused = [n for n, answer in enumerate(answers) if answer.status == 429]
        wait = answers[refused[0]].headers.get("retry-after", "") if refused else ""
        budget = sources.budget(Request(self.url).host)
        if refused and budget:
            budget.close(float(wait) if wait.isdecimal() else RESTING)
        said = f"{len(answers)} × GET {self.thing}: {len(refused)} refused"
        if refused:
            said += f", the first after {refused[0]}, Retry-After {wait or 'absent'}"
        return measured(
            said,
            Reading("limited", bool(refused)),
            Reading("first_refusal", refused[0] if refused else None),
            Reading("retry_after", int(wait) if wait.isdecimal() else None, "s"),
            Reading("errors", sum(answer.status >= 500 for answer in answers)),
        )

    async def _ask(self, sources: Sources, number: int) -> Response:
        request = Request(self.url, ca=self.ca, sample=number, rationed=False)
        return await fetch(sources, request)
