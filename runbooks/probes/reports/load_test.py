"""Probe of the summary of a load test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.probes.base import Measurement, Probe, measured
from runbooks.probes.report_files import ReportFile, age, complaint, matching
from runbooks.probes.reports.load_formats import Load, load
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread
from runbooks.quantities import shown
from runbooks.results import Reading


class LoadTestProbe(Probe, frozen=True, kw_only=True):
    """Measures what the newest summary of a load test says; tests nothing itself.

    Source: a file with the JSON that k6 exports (``--summary-export`` or
    ``handleSummary``), Locust's ``…_stats.csv``, or what ab printed.

    Readings:
        tool: ``k6``, ``Locust`` or ``ab``; absent where no file matches.
        p95: 95 of 100 requests were answered within so many seconds.
        rate: requests in a second.
        target: how many there were to be.
        errors: failed requests, in percent.
        requests: how many there were.
        age: since the file was written, in seconds.

    Attributes:
        path: pattern of the files; absolute, may hold ``*``, ``?`` and ``[…]``.
        target_rate: requests in a second that the system is to serve.

    Raises:
        ProbeError: the newest file cannot be read or is no summary.
    """

    path: str
    target_rate: float

    table: ClassVar[str] = "load_test"
    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("tool", "rate", "target", "requests"), ""),
        **dict.fromkeys(("p95", "age"), "s"),
        "errors": "%",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"tool"})

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        return complaint("path", str(parameters.get("path", "${")))

    @property
    def source(self) -> str:
        return f"file {self.path}"

    async def measure(self, sources: Sources) -> Measurement:
        sources.asked(self.source)
        found = await in_thread(self._newest, self.source)
        target = Reading("target", self.target_rate)
        if found is None:
            absent = {name: Reading(name, None, u) for name, u in self.readings.items()}
            return Measurement(
                {**absent, "target": target}, f"no file matches {self.path}"
            )
        file, said = found
        p95 = Reading("p95", said.p95, "s")
        errors = Reading("errors", said.errors, "%")
        old = Reading("age", age(file.changed), "s")
        return measured(
            f"{said.tool}: {said.requests} requests, {said.rate:.4g} a second "
            f"of {self.target_rate:.4g}, 95 % within {shown(p95)}, "
            f"{shown(errors)} failed\n"
            f"{file.path}, {shown(old)} old",
            Reading("tool", said.tool),
            p95,
            Reading("rate", said.rate),
            target,
            errors,
            Reading("requests", said.requests),
            old,
        )

    def _newest(self) -> tuple[ReportFile, Load] | None:
        found = matching(self.path)
        return (found[0], load(found[0])) if found else None
