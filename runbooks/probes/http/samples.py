"""The same request several times: how often it fails, and how long it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import ceil
from typing import Any, ClassVar

from runbooks.probes.base import Duration, Measurement, measured
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading

MOST = 20
"""More in one pass would be a load test."""


class SamplesProbe(EndpointProbe, frozen=True, kw_only=True):
    """Asks an endpoint several times, one after the other.

    Readings:
        answers: whether every request was answered.
        failures: how many answers were no 2xx.
        statuses: the codes with their numbers, ``200 ×5``.
        p95: time within which 95 of 100 were answered, nearest rank, in seconds;
            of fewer than 20 samples it is the slowest.
        median: the same of half of them.

    Attributes:
        count: how many requests; the first is shared with the rest of the pass.
    """

    count: int = 5
    timeout: Duration = Duration(20)

    readings: ClassVar[Mapping[str, str]] = {
        "answers": "",
        "failures": "",
        "statuses": "",
        "p95": "s",
        "median": "s",
    }

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        wrong = super().complaints(parameters)
        count = parameters.get("count", cls.count)
        if isinstance(count, int) and not 1 < count <= MOST:
            wrong.append(f"count: {count} samples; write 2 to {MOST}")
        return wrong

    @property
    def thing(self) -> str:
        return f"{super().thing} ×{self.count}"

    async def measure(self, sources: Sources) -> Measurement:
        answers = [
            await self.get(sources, sample=number) for number in range(self.count)
        ]
        times = sorted(answer.seconds for answer in answers)
        counts = Counter(answer.status for answer in answers)
        statuses = ", ".join(f"{status} ×{n}" for status, n in counts.items())
        bad = sum(not 200 <= answer.status < 300 for answer in answers)
        shown = " ".join(f"{answer.seconds:.3g} s" for answer in answers)
        return measured(
            f"GET {super().thing}: {statuses}\n{shown}",
            Reading("answers", True),
            Reading("failures", bad),
            Reading("statuses", statuses),
            Reading("p95", _rank(times, 0.95), "s"),
            Reading("median", _rank(times, 0.5), "s"),
        )


def _rank(ordered: list[float], share: float) -> float:
    return ordered[ceil(share * len(ordered)) - 1]
