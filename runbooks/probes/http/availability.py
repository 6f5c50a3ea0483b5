"""Whether an endpoint keeps answering while something is rolled out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Measurement, measured
from runbooks.probes.fetching import Request, fetch
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class AvailabilityProbe(EndpointProbe, frozen=True, kw_only=True):
    """Asks an endpoint again and again, and counts what fails.

    Begin the rollout while it records.

    Readings:
        requests: how many were sent.
        failures: how many were not answered, or with 5xx.
        outage: longest time between two good answers, in seconds.

    Attributes:
        lasting: for how long.
        every: time between two requests.
    """

    lasting: Duration = Duration(120)
    every: Duration = Duration(1)
    timeout: Duration = Duration(180)

    intrusive: ClassVar[str] = "asks the API once a second for two minutes"
    readings: ClassVar[Mapping[str, str]] = {
        "requests": "",
        "failures": "",
        "outage": "s",
    }

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        wrong = super().complaints(parameters)
        every = parameters.get("every", cls.every)
        if isinstance(every, float) and every < 0.1:
            wrong.append("every: more than ten a second would be a load test")
        return wrong

    async def measure(self, sources: Sources) -> Measurement:
        loop = asyncio.get_running_loop()
        started = good = loop.time()
        outage = 0.0
        failures: list[str] = []
        requests = 0
        while loop.time() < started + self.lasting:
            asked = loop.time()
            problem = await self._ask(sources, requests)
            requests += 1
            now = loop.time()
            outage = max(outage, now - good)
            if problem:
                failures.append(f"after {asked - started:.0f} s: {problem}")
            else:
                good = now
            await asyncio.sleep(max(0.0, asked + self.every - loop.time()))
        said = f"{requests} × GET {self.thing} in {self.lasting:g} s"
        return measured(
            "\n".join([f"{said}, {len(failures)} failed", *failures[:20]]),
            Reading("requests", requests),
            Reading("failures", len(failures)),
            Reading("outage", outage, "s"),
        )

    async def _ask(self, sources: Sources, number: int) -> str:
        """Return what was wrong, "" for nothing."""
        request = Request(self.url, ca=self.ca, sample=number, rationed=False)
        try:
            response = await fetch(sources, request)
        except ProbeError as error:
            return str(error)
        return "" if response.status < 500 else f"answered {response.status}"
